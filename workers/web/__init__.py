"""The web, as far as users name addresses in it: the one guard of every such address, pages, feeds and articles.

guard      refuses addresses that must not be asked, and pins the others to the machines that were checked
fetch      gets a page or a feed within bounds of time and size
robots     what a site lets machines read
feeds      reads RSS, Atom, JSON Feed and plain JSON lists
article    finds the main text of a page

Below them: addresses (what is public), outside (names, connections, trust), connections (pinned, with a deadline),
exchange (one guarded GET over all redirects), bodies (unpacking, charsets).
"""
