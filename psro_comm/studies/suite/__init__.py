"""The suite of attacks: what each defender keeps in the worst case that it finds."""
