#!version:1.0.0.1
include:config "0c383e000214.cfg"
overwrite_mode = 1
