"""The web process: Flask for people, with the phone plane in front of it."""

from __future__ import annotations

from flask import Flask, Response, jsonify

from provisioner.config import Settings
from web.installation import Installation, open_installation
from web.phone_plane import PhonePlane, WsgiApp
from web.soft_phone_plane import SoftPhonePlane
from web.views.labels import labels_pages
from web.views.metrics import metrics_pages


def create_app(installation: Installation) -> Flask:
    """Return the Flask application for people."""
    app = Flask("web", static_folder=None)

    @app.get("/health")
    def health() -> Response:
        """Say that the process answers and its database can be read."""
        with installation.database.read() as session:
            session.connection()
        return jsonify(status="ok")

    @app.get("/")
    def front() -> Response:
        """Say what this is; the pages are not built yet."""
        return Response(
            "bellwire answers phones here. Look at it with: bellwire status\n",
            mimetype="text/plain",
        )

    app.register_blueprint(labels_pages(installation))
    app.register_blueprint(metrics_pages(installation))
    return app


def wsgi(settings: Settings) -> PhonePlane:
    """Return the whole WSGI application of a web process, ready to serve."""
    installation = open_installation(settings)
    recorder = installation.recorder()
    recorder.start()
    guard = installation.guard()
    delivery = installation.delivery(recorder, guard)
    soft_phones = installation.soft_phones(recorder, guard)
    flask: WsgiApp = create_app(installation).wsgi_app
    pages = SoftPhonePlane(soft_phones, flask, settings.http)
    return PhonePlane(delivery, installation.catalogue, pages, settings.http, recorder.close)
