"""One architecture a file; the folder is the registry."""
