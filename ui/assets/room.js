// Hands Gradio its configuration, which lies in the page as data: inline scripts are not allowed.
"use strict";
window.gradio_config = JSON.parse(document.getElementById("gradio-config").textContent);
window.__gradio_mode__ = "app";
