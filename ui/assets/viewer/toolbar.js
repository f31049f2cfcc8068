// Buttons over the images. Each does what a key does, and its title names the key.

const GROUPS = [
  [
    ["tool-window", "Window"], ["tool-pan", "Pan"], ["tool-zoom", "Zoom"],
    ["tool-crosshair", "Cross"],
  ],
  [
    ["tool-length", "Length"], ["tool-angle", "Angle"], ["tool-ellipse", "Ellipse"],
    ["tool-rectangle", "Box"],
  ],
  [
    ["invert", "Invert"], ["turn-right", "Rotate"], ["flip-horizontal", "Flip"],
    ["magnifier", "Glass"], ["fit", "Fit"], ["reset", "Reset"],
  ],
  [["masks", "Masks"], ["cine", "Cine"], ["key-image", "Key image"], ["priors", "Prior"], ["link", "Link"]],
];

export class Toolbar {
  constructor(host, desk) {
    this.host = host;
    this.desk = desk;
    this.buttons = new Map();
    host.setAttribute("role", "toolbar");
    host.setAttribute("aria-label", "Tools of the viewer");
    this.windows = select("Window", (value) => desk.chooseWindow(value));
    this.stages = select("Hanging", (value) => desk.stage(Number(value)));
    host.append(this.windows, this.stages);
    for (const group of GROUPS) host.append(this.group(group));
  }

  group(rows) {
    const group = document.createElement("div");
    group.className = "mv-group";
    for (const [action, text] of rows) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = text;
      button.dataset.action = action;
      button.addEventListener("click", () => this.desk.act(action));
      this.buttons.set(action, button);
      group.append(button);
    }
    return group;
  }

  /** Name each button's key, once keys.json is read. */
  keys(keyboard) {
    for (const [action, button] of this.buttons) {
      const key = keyboard.of(action);
      button.title = key ? `${button.textContent} (${key})` : button.textContent;
      if (key) button.setAttribute("aria-keyshortcuts", key.replace("ctrl", "Control"));
    }
  }

  press(action, on) {
    this.buttons.get(action)?.setAttribute("aria-pressed", String(on));
  }

  enable(action, on) {
    const button = this.buttons.get(action);
    if (button) button.disabled = !on;
  }

  /** Fill the list of windows for a series: its own, then the presets. */
  offer(windows, current) {
    const rows = windows.map((one) => [one.name, one.key ? `${one.key}  ${one.name}` : one.name]);
    if (current && !windows.some((one) => one.name === current)) rows.push([current, current]);
    options(this.windows, rows, current);
  }

  offerStages(stages, at) {
    options(this.stages, stages.map((stage, index) => [String(index), stage.name]), String(at));
  }
}

function select(label, changed) {
  const element = document.createElement("select");
  element.setAttribute("aria-label", label);
  element.addEventListener("change", () => {
    changed(element.value);
    element.blur(); // keys belong to the images again
  });
  return element;
}

function options(element, rows, current) {
  element.replaceChildren(
    ...rows.map(([value, text]) => {
      const option = document.createElement("option");
      option.value = value;
      option.textContent = text;
      option.selected = value === current;
      return option;
    }),
  );
  element.disabled = rows.length === 0;
  if (!rows.length) element.append(new Option("No window")); // colours are shown as they are
}
