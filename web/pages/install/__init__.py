"""What the pages for installers read and decide: rooms, waiting phones, lists."""
