"""The artefact folder's contract. Numpy, and what a manifest asks for: no torch, no Lightning."""
