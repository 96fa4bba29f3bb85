// Scanning a voucher with the camera, for the pick-up page: opens the rear camera, reads a QR code, fills the form's
// #code and sends it once. A hand-held scanner types a code very fast and presses Enter: it is heard wherever the focus
// is. The text field stays, and is all there is without JavaScript.
// Where the page has a place for it (dialog[data-volet]) the answer is laid over the list and the camera stays open: the
// next family is one tap away. What such an answer cannot say (a session that has ended) is said by the whole page.
// The decoder is fetched only when the camera opens; browsers that can read QR codes themselves need none.
(() => {
  const RATE_MS = 120;
  const WIDTH = 720;
  const OPEN = "camera-ouverte";
  const LAST = "dernier-code";
  // The voucher just answered is often still under the camera when the list comes back.
  const FORGET_MS = 8000;
  const PATIENCE_MS = 10000;
  const MUTE = "son-coupe";
  // What scanners type; people are slower than that between two keys.
  const TYPED = /^(PC|CR|PA)\d+:[A-Z2-7]{20,}$/i;
  const GAP_MS = 150;
  const box = document.querySelector("[data-scan]");
  const field = document.getElementById("code");
  const volet = document.querySelector("dialog[data-volet]");

  let audio = null;
  const tones = { lu: [[1320, 0, 0.09]], remettre: [[880, 0, 0.11], [1320, 0.12, 0.16]], voir: [[392, 0, 0.3]] };
  const muted = () => {
    try {
      return localStorage.getItem(MUTE) === "oui";
    } catch {
      return false;
    }
  };
  const sound = (name) => {
    if (muted()) return;
    try {
      audio ??= new AudioContext();
      for (const [pitch, start, length] of tones[name]) {
        const tone = audio.createOscillator();
        const volume = audio.createGain();
        tone.frequency.value = pitch;
        volume.gain.value = 0.25;
        tone.connect(volume).connect(audio.destination);
        tone.start(audio.currentTime + start);
        tone.stop(audio.currentTime + start + length);
      }
    } catch {
      // A silent phone still shows the answer.
    }
  };

  const announce = (answer) => {
    const yes = answer.classList.contains("reponse--remettre");
    sound(yes ? "remettre" : "voir");
    navigator.vibrate?.(yes ? [80] : [60, 90, 60]);
  };
  const answer = document.querySelector(".reponse");
  if (answer) announce(answer);
  const muter = document.querySelector("[data-son]");
  const label = () => {
    muter.firstElementChild.textContent = muted() ? muter.dataset.remettre : muter.dataset.couper;
  };
  if (muter) {
    muter.hidden = false;
    label();
    muter.addEventListener("click", () => {
      try {
        localStorage.setItem(MUTE, muted() ? "" : "oui");
      } catch {
        // Private browsing: the sound stays.
      }
      label();
      sound("remettre");
    });
  }

  let typed = "";
  let last = 0;
  document.addEventListener(
    "keydown",
    (event) => {
      if (!field || event.target === field || event.ctrlKey || event.altKey || event.metaKey) return;
      if (event.timeStamp - last > GAP_MS) typed = "";
      last = event.timeStamp;
      if (event.key.length === 1) typed += event.key;
      if (event.key !== "Enter" || !TYPED.test(typed)) return;
      // Nor may Enter press the button that has the focus.
      event.preventDefault();
      event.stopPropagation();
      field.value = typed;
      typed = "";
      field.form.requestSubmit();
    },
    true,
  );

  // Private browsing may refuse storage: then the camera is opened by hand each time.
  const keep = (key, value) => {
    try {
      sessionStorage.setItem(key, value);
    } catch {}
  };
  const kept = (key) => {
    try {
      return sessionStorage.getItem(key) ?? "";
    } catch {
      return "";
    }
  };
  const remember = (value) => keep(LAST, `${Date.now()} ${value}`);

  const message = box?.querySelector("[data-message]");
  const say = (name) => {
    message.textContent = name ? box.dataset[name] : "";
  };
  let sent = false;
  let look = () => undefined;

  if (box && volet?.showModal) {
    const form = field.form;
    const cut = form.querySelector("[data-coupure]");
    const button = form.querySelector("button:not([type=button])");
    let last = "";
    let asking = false;

    const ask = async (value) => {
      const patience = new AbortController();
      setTimeout(() => patience.abort(), PATIENCE_MS);
      const answered = await fetch(form.action, {
        method: "POST",
        body: new URLSearchParams(new FormData(form)),
        headers: { "X-Requested-With": "fetch" },
        signal: patience.signal,
      });
      volet.innerHTML = await answered.text();
      const next = volet.querySelector("[data-suite]");
      if (!next) return form.submit();
      if (!volet.open) volet.showModal();
      next.focus();
      announce(volet.querySelector(".reponse"));
      last = value;
      field.value = "";
      say("");
    };

    form.addEventListener("submit", (event) => {
      const value = field.value.trim();
      if (!TYPED.test(value)) return;
      event.preventDefault();
      event.stopPropagation();
      if (asking) return;
      asking = sent = cut.hidden = true;
      button.setAttribute("aria-busy", "true");
      ask(value)
        .catch(() => {
          // Nobody knows whether it has arrived: the same code sent twice hands out once.
          cut.hidden = sent = false;
          say("");
          // What a hand-held scanner types next stands for it, and is not added to it.
          if (document.activeElement === field) field.select();
          look();
        })
        .finally(() => {
          asking = false;
          button.removeAttribute("aria-busy");
        });
    });

    volet.addEventListener("click", (event) => {
      if (!event.target.closest("[data-suite]")) return;
      event.preventDefault();
      volet.close();
    });

    // What stands behind the answer is read anew: who has come, how many are left.
    const renew = async () => {
      const page = await fetch(location.href);
      if (!page.ok || page.redirected) return;
      const read = new DOMParser().parseFromString(await page.text(), "text/html");
      const shown = document.querySelectorAll("[data-vivant]");
      for (const [rank, part] of read.querySelectorAll("[data-vivant]").entries()) shown[rank]?.replaceWith(part);
    };

    volet.addEventListener("close", () => {
      remember(last);
      sent = false;
      look();
      renew().catch(() => undefined);
    });
  }

  if (!box || !navigator.mediaDevices?.getUserMedia) return;

  const code = field;
  const view = box.querySelector(".viseur");
  const video = box.querySelector("video");
  const opener = box.querySelector("[data-ouvrir]");
  const closer = box.querySelector("[data-fermer]");
  const torch = box.querySelector("[data-torche]");
  const canvas = document.createElement("canvas");
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  let stream = null;
  let timer = 0;
  let read = null;

  const justRead = (value) => {
    const [at, last] = kept(LAST).split(/ (.*)/s);
    return last === value && Date.now() - Number(at) < FORGET_MS;
  };

  const script = (url) =>
    new Promise((resolve, reject) => {
      const element = document.createElement("script");
      element.src = url;
      element.onload = resolve;
      element.onerror = reject;
      document.head.append(element);
    });

  const reader = async () => {
    const formats = await window.BarcodeDetector?.getSupportedFormats?.().catch(() => []);
    if (formats?.includes("qr_code")) {
      const detector = new BarcodeDetector({ formats: ["qr_code"] });
      return async () => (await detector.detect(video))[0]?.rawValue;
    }
    if (!window.jsQR) await script(box.dataset.jsqr);
    return async () => {
      const scale = Math.min(1, WIDTH / video.videoWidth);
      canvas.width = video.videoWidth * scale;
      canvas.height = video.videoHeight * scale;
      pen.drawImage(video, 0, 0, canvas.width, canvas.height);
      const image = pen.getImageData(0, 0, canvas.width, canvas.height);
      return window.jsQR(image.data, image.width, image.height, { inversionAttempts: "dontInvert" })?.data;
    };
  };

  const send = (value) => {
    sent = true;
    remember(value);
    code.value = value;
    sound("lu");
    navigator.vibrate?.(60);
    say("lu");
    code.form.requestSubmit();
  };

  look = async () => {
    clearTimeout(timer);
    if (!stream || sent) return;
    let value;
    if (video.videoWidth) value = await read().catch(() => undefined);
    if (value && stream && !sent && !justRead(value)) send(value);
    else timer = setTimeout(look, RATE_MS);
  };

  const stop = () => {
    clearTimeout(timer);
    for (const track of stream?.getTracks() ?? []) track.stop();
    stream = null;
    video.srcObject = null;
    view.hidden = closer.hidden = true;
    opener.hidden = false;
  };

  const start = async () => {
    if (stream || sent) return;
    opener.hidden = true;
    say("ouverture");
    try {
      const wanted = { video: { facingMode: "environment", width: { ideal: 1280 } }, audio: false };
      [stream, read] = await Promise.all([navigator.mediaDevices.getUserMedia(wanted), reader()]);
    } catch (error) {
      stop();
      const reasons = { NotAllowedError: "refusee", NotFoundError: "absente", NotReadableError: "occupee" };
      say(reasons[error?.name] ?? "panne");
      return;
    }
    if (document.hidden) return stop();
    video.srcObject = stream;
    view.hidden = closer.hidden = false;
    await video.play().catch(() => undefined);
    torch.hidden = !stream.getVideoTracks()[0].getCapabilities?.().torch;
    say("visez");
    look();
  };

  opener.addEventListener("click", () => {
    keep(OPEN, "oui");
    start();
  });
  closer.addEventListener("click", () => {
    keep(OPEN, "");
    stop();
    say("");
  });
  torch.addEventListener("click", () => {
    const lit = torch.getAttribute("aria-pressed") !== "true";
    const track = stream?.getVideoTracks()[0];
    track?.applyConstraints({ advanced: [{ torch: lit }] }).then(
      () => torch.setAttribute("aria-pressed", String(lit)),
      () => { torch.hidden = true; },
    );
  });

  const wanted = () => kept(OPEN) === "oui";
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) stop();
    else if (wanted()) start();
  });
  window.addEventListener("pagehide", stop);
  window.addEventListener("pageshow", (event) => {
    sent = false;
    if (event.persisted && wanted()) start();
  });
  box.hidden = false;
  if (wanted()) start();
})();
