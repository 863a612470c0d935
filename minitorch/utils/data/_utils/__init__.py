"""The parts of the DataLoader: making batches, fetching them, and the worker processes."""
