"""Other provisioning servers' exports, read into what a site file says. Pure."""
