"""Finding rooms, extensions, phones, addresses and names, over all sites one may see."""
