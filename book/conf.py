"""Sphinx's settings of the web book; `python -m tools.book` lays out its pages and calls Sphinx.

Nothing is executed, and nothing is loaded from the network: MathJax comes from a package.
"""

project = "Spiking neural networks: a course that you play"
author = "The snnedu maintainers"
project_copyright = "The snnedu maintainers, CC BY 4.0"
language = "en"

extensions = ["myst_nb"]
exclude_patterns = []
nb_execution_mode = "off"  # the stored outputs are shown
nb_render_markdown_format = "myst"
nb_code_prompt_show = "Show the {type}"
nb_code_prompt_hide = "Hide the {type}"
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 4
myst_heading_slug_func = "tools.book.anchor"  # links stay as they are in JupyterLab

html_theme = "sphinx_book_theme"
html_title = "snnedu"
html_short_title = "snnedu"
html_static_path = ["static"]
html_css_files = ["widgets.css", "book.css"]
html_js_files = ["fields.js", "explorer.js", "book.js"]
html_copy_source = False  # what a learner downloads has no answers: folder `notebooks`
html_show_sourcelink = False
html_show_search_summary = False  # a page opened from disk may not read another one
html_context = {"default_mode": "auto"}
html_extra_path = ["extra"]
html_theme_options = {
    "use_download_button": False,  # each page has a link of its own, in sight
    "use_fullscreen_button": False,
    "show_toc_level": 2,
    "navbar_persistent": [],
}

# As SVG: letters need no font files, which a page from disk may not load everywhere.
mathjax_path = "mathjax/tex-svg-full.js"
mathjax3_config = {"options": {"enableMenu": False}, "svg": {"fontCache": "local"}}
