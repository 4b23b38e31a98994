"""R-MACRL: runs algorithm 1 on OpenSpiel's PSRO solver."""
