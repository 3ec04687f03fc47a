"""Guards a site's calls: who may call in, who may call out, for how much, and for how long.

Every decision is pure: values in, a ``Decision`` out, no clock, no database, no PBX. What a
number is comes from ``provisioner.numbering``, what is allowed from the site's part ``calls``
(``provisioner.inventory.calls``).
"""
