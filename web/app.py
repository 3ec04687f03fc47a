"""The web process: Flask for people, with the phone plane in front of it."""

from __future__ import annotations

from flask import Flask, Response, jsonify

from provisioner.config import Settings
from provisioner.delivery import utc_now
from web.api.blueprint import add_api
from web.installation import Installation, open_installation
from web.pages.wiring import add_pages, announce_setup, front
from web.phone_plane import PhonePlane, WsgiApp
from web.soft_phone_plane import SoftPhonePlane
from web.views.labels import labels_pages
from web.views.metrics import metrics_pages


def create_app(installation: Installation, *, with_styleguide: bool = False) -> Flask:
    """Return the Flask application for people; ``with_styleguide``: for tests of the pages."""
    app = Flask("web", static_folder=None, template_folder="pages/templates")

    @app.get("/health")
    def health() -> Response:
        """Say that the process answers and its database can be read."""
        with installation.database.read() as session:
            session.connection()
        return jsonify(status="ok")

    app.add_url_rule("/", view_func=front)
    add_pages(app, installation, with_styleguide=with_styleguide)
    add_api(app, installation)
    app.register_blueprint(labels_pages(installation))
    app.register_blueprint(metrics_pages(installation))
    return app


def wsgi(settings: Settings) -> PhonePlane:
    """Return the whole WSGI application of a web process, ready to serve."""
    installation = open_installation(settings)
    announce_setup(installation, utc_now())
    recorder = installation.recorder()
    recorder.start()
    guard = installation.guard()
    delivery = installation.delivery(recorder, guard)
    soft_phones = installation.soft_phones(recorder, guard)
    flask: WsgiApp = create_app(installation).wsgi_app
    pages = SoftPhonePlane(soft_phones, flask, settings.http)
    return PhonePlane(delivery, installation.catalogue, pages, settings.http, recorder.close)
