"""R-MACRL: algorithm 1 on OpenSpiel's PSRO solver."""
