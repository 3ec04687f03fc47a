"""Finding phones that nobody entered: what they say to everybody on their network.

A process of its own reads frames and is the only one that needs ``CAP_NET_RAW``; it opens no
database and no keys. What frames say is read by pure functions. scapy opens the sockets and reads
captures, in ``sniffing`` alone; the server never imports it.
"""
