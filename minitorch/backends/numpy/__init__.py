"""Faster CPU kernels, a file per topic, each registered on its op."""
