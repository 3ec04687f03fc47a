/* Pages for installers do more with a script: a camera that reads labels, and a check at once. */
(function () {
  "use strict";
  var SEPARATED = /(?:^|[^0-9a-f])([0-9a-f]{2}([:. -])(?:[0-9a-f]{2}\2){4}[0-9a-f]{2}|[0-9a-f]{4}([.: -])[0-9a-f]{4}\3[0-9a-f]{4})(?![0-9a-f])/gi;
  var BARE = /(?:^|[^0-9a-z]|mac\W{0,3})([0-9a-f]{12})(?![0-9a-z])/gi;
  var touched = 0;

  // ---- choosing: what is typed takes the place of what was picked, and the other way round

  function digits(text) { return text.replace(/[\s:.\-]/g, ""); }
  function change(element) { element.dispatchEvent(new Event("change", { bubbles: true })); }

  document.addEventListener("input", function (event) {
    var field = event.target;
    if (!field.matches("input.mac[form=setup]")) return;
    var none = document.getElementById(field.id.replace("mac-", "pick-") + "-none");
    if (none && field.value) none.checked = true;
    if (!/^[0-9a-f]{12}$/i.test(digits(field.value))) return;
    change(field);
    field.dataset.told = field.value;
  });
  // what was looked at while it was typed is not looked at again when the field is left
  document.addEventListener("change", function (event) {
    if (event.isTrusted && event.target.dataset.told === event.target.value) event.stopPropagation();
  }, true);
  document.addEventListener("change", function (event) {
    var picked = event.target;
    if (!picked.matches(".candidate input") || !picked.value) return;
    var field = document.getElementById("mac-" + picked.name.replace("pick-", ""));
    if (field) field.value = "";
  });
  // a list does not change under a finger
  document.addEventListener("pointerdown", function (event) {
    if (event.target.closest(".waiting")) touched = Date.now();
  });
  document.addEventListener("htmx:beforeRequest", function (event) {
    var asker = event.target;
    if (asker.id === "poll" && Date.now() - touched < 3000) { event.preventDefault(); return; }
    // what was asked for one template does not come into another
    (event.detail.target || asker).addEventListener("htmx:beforeSwap", function (swap) {
      if (!document.contains(asker)) swap.detail.shouldSwap = false;
    }, { once: true });
  });

  // ---- the camera

  var dialog, wanted, stream, detector, zxing;

  function macIn(text) {
    if (/^[0-9a-f]{12}$/i.test(digits(text))) return digits(text).toLowerCase();
    var found = [], match;
    [SEPARATED, BARE].forEach(function (pattern) {
      pattern.lastIndex = 0;
      while ((match = pattern.exec(text))) {
        pattern.lastIndex = match.index + 1;
        var mac = digits(match[1]).toLowerCase();
        if (found.indexOf(mac) === -1) found.push(mac);
      }
    });
    var makers = dialog.dataset.makers.split(" ");
    var known = found.filter(function (mac) { return makers.indexOf(mac.slice(0, 6)) !== -1; });
    return known.length === 1 ? known[0] : found.length === 1 ? found[0] : "";
  }

  function say(name) {
    dialog.querySelectorAll("[data-say]").forEach(function (each) {
      each.hidden = each.dataset.say !== name && !(name === "none" && each.dataset.say === "photo");
    });
  }

  function close() {
    if (stream) stream.getTracks().forEach(function (track) { track.stop(); });
    stream = null;
    if (dialog.open) dialog.close();
  }

  function take(texts) {
    for (var i = 0; i < texts.length; i += 1) {
      var mac = macIn(texts[i]);
      if (mac) {
        var field = document.getElementById(wanted);
        field.value = mac.match(/../g).join(":");
        if (navigator.vibrate) navigator.vibrate(60);
        close();
        field.focus();
        field.dispatchEvent(new Event("input", { bubbles: true }));
        return true;
      }
    }
    return false;
  }

  function load(address) {
    return new Promise(function (done, failed) {
      if (window.ZXing) return done(window.ZXing);
      var script = document.createElement("script");
      script.src = address;
      script.onload = function () { done(window.ZXing); };
      script.onerror = failed;
      document.head.appendChild(script);
    });
  }

  // the browser's own decoder where it has one for these codes, else the vendored one
  function prepare() {
    if (detector || zxing) return Promise.resolve();
    var own = window.BarcodeDetector ? window.BarcodeDetector.getSupportedFormats() : Promise.resolve([]);
    return own.catch(function () { return []; }).then(function (formats) {
      if (formats.indexOf("code_128") !== -1 && formats.indexOf("qr_code") !== -1) {
        detector = new window.BarcodeDetector();
        return null;
      }
      return load(dialog.dataset.decoder).then(function (library) {
        var hints = new Map();
        var kinds = library.BarcodeFormat;
        hints.set(library.DecodeHintType.POSSIBLE_FORMATS,
          [kinds.CODE_128, kinds.QR_CODE, kinds.CODE_39, kinds.DATA_MATRIX]);
        hints.set(library.DecodeHintType.TRY_HARDER, true);
        zxing = { library: library, reader: new library.MultiFormatReader() };
        zxing.reader.setHints(hints);
      });
    });
  }

  function decode(canvas) {
    if (detector) {
      return detector.detect(canvas).then(function (codes) {
        return codes.map(function (code) { return code.rawValue; });
      });
    }
    var library = zxing["library"];
    try {
      var source = new library.HTMLCanvasElementLuminanceSource(canvas);
      var bitmap = new library.BinaryBitmap(new library.HybridBinarizer(source));
      return Promise.resolve([zxing.reader.decodeWithState(bitmap).getText()]);
    } catch (nothing) {
      return Promise.resolve([]);
    } finally {
      zxing.reader.reset();
    }
  }

  function drawn(source, width, height) {
    var canvas = document.createElement("canvas");
    var scale = Math.min(1, 1600 / Math.max(width, height));
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    canvas.getContext("2d", { willReadFrequently: true }).drawImage(source, 0, 0, canvas.width, canvas.height);
    return canvas;
  }

  function watch(video) {
    if (!stream) return;
    var next = function () { setTimeout(function () { watch(video); }, 120); };
    if (!video.videoWidth) { next(); return; }
    decode(drawn(video, video.videoWidth, video.videoHeight)).then(function (texts) {
      if (stream && !take(texts)) next();
    }, next);
  }

  function film() {
    var video = dialog.querySelector("video");
    var wish = { video: { facingMode: "environment", width: { ideal: 1280 } }, audio: false };
    return navigator.mediaDevices.getUserMedia(wish).then(function (made) {
      if (!dialog.open) { made.getTracks().forEach(function (track) { track.stop(); }); return; }
      stream = made;
      video.hidden = false;
      video.srcObject = made;
      say("look");
      video.play();
      prepare().then(function () { watch(video); }, function () { say("refused"); });
    }, function () { video.hidden = true; say("refused"); });
  }

  function photograph(file) {
    prepare().then(function () { return createImageBitmap(file); }).then(function (picture) {
      return decode(drawn(picture, picture.width, picture.height));
    }).then(function (texts) { if (!take(texts)) say("none"); }, function () { say("none"); });
  }

  function start(button) {
    wanted = button.dataset.scan;
    dialog.showModal();
    // without https there is no camera for pages, but a picture can always be taken
    if (navigator.mediaDevices && navigator.mediaDevices.getUserMedia) { film(); return; }
    dialog.querySelector("video").hidden = true;
    say("photo");
  }

  function setUp() {
    dialog = document.getElementById("scan");
    if (!dialog || !dialog.showModal) return;
    dialog.querySelector("[data-close]").addEventListener("click", close);
    dialog.addEventListener("close", close);
    dialog.querySelector("input[type=file]").addEventListener("change", function (event) {
      if (event.target.files[0]) photograph(event.target.files[0]);
      event.target.value = "";
    });
    document.addEventListener("click", function (event) {
      var button = event.target.closest("[data-scan]");
      if (button) start(button);
    });
    show();
    document.addEventListener("htmx:afterSwap", show);
  }

  function show() {
    document.querySelectorAll("[data-scan]").forEach(function (each) { each.hidden = false; });
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", setUp);
  else setUp();
})();
