"""The gallery: every slide design in every theme, format and language, for people who change the compositor.

cases (what is drawn) ─ making (draws it, on two cores) ┬ page (index.html)      ┬ texts: what the slides say
                                                        ├ sheets (contact sheets) └ scenes: pictures, painted here
                                                        ├ previews (docs/themes)
                                                        └ golden (what the tests compare with)

Run it as `pressroom gallery`, or `python -m workers.gallery --help`.
"""
