from .page import (
    build_page as build_page,
    open_page as open_page,
)
