// Reads the QR code of an identity card with the camera, where the browser can; pasting the text works everywhere.
"use strict";
(() => {
  const button = document.querySelector("[data-camera]");
  const field = document.getElementById("card");
  if (!button || !field || !("BarcodeDetector" in window) || !navigator.mediaDevices) return;
  button.hidden = false;

  const scan = async () => {
    const video = document.createElement("video");
    const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    try {
      video.className = "viewfinder";
      video.muted = true;
      video.playsInline = true;
      video.srcObject = stream;
      button.after(video);
      await video.play();
      const detector = new BarcodeDetector({ formats: ["qr_code"] });
      while (video.isConnected) {
        const [code] = await detector.detect(video);
        if (code && code.rawValue) return code.rawValue;
        await new Promise((next) => requestAnimationFrame(next));
      }
      return "";
    } finally {
      stream.getTracks().forEach((track) => track.stop());
      video.remove();
    }
  };

  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      field.value = await scan();
      if (field.value) field.form.requestSubmit(field.form.querySelector("[name=read_card]"));
    } catch {
      const note = document.createElement("p");
      note.setAttribute("role", "alert");
      note.textContent = button.dataset.failed;
      button.after(note);
    }
    button.disabled = false;
  });
})();
