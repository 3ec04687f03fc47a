"""Whatever meets the network, fed with bytes nobody would send (``python -m bench fuzz``)."""
