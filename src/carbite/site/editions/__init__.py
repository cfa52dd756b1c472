"""The whole book as one file: a PDF to print and an EPUB for a reading device, both made from the built site.

    python -m carbite.site.editions pdf _build/html _build/carbite.pdf

`articles` takes the chapters out of their pages and leaves behind what only works on a screen; `pdf` and `epub`
bind them. Solutions and answers are unfolded, code that the site folds away is left out.
"""
