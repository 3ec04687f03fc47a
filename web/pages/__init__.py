"""The pages for people: server-rendered, quick on a cheap phone, in three languages.

They live below ``/ui``: phones ask for names at the top and below folders of their own, and those
who guess at them get one plain 404 for everything. Below ``/ui`` people get pages.
"""
