"""The report: a data set as one HTML file that opens anywhere, without a network.

`statistics` reads the record of every sample and no pixel; `pictures` turns layers into images that a
browser shows; `cards` collects what one sample shows; `charts` lays out figures; `page` puts all into
`report.html.j2`. Style and script are plain files beside the template and are copied into the page.
"""

from diachron.outputs.report.page import report

__all__ = ["report"]
