"""All vendor knowledge: typed TOML files loaded into one immutable Catalogue."""
