// An extension of JupyterLab, written by hand: nothing is compiled.
//
// A widget lives in its kernel. In a notebook that is opened again without that kernel, ipywidgets
// shows "Error displaying widget: model not found", though the output holds a picture as well.
// Here that picture is shown instead: the best other format of the output. It stays up to date by
// itself, since a cell that runs again replaces its output.
//
// JupyterLab breaks a long printed line anywhere: "0.85" becomes "0." and "85". Here it breaks between
// words, and inside of a word only if that is longer than a line.

(() => {
  const WIDGET = "application/vnd.jupyter.widget-view+json";
  const WHOLE_WORDS = "body .jp-OutputArea-output pre { word-break: normal; overflow-wrap: anywhere; }";
  const ADVICE = "This is what was stored. Run this cell again to use it.";
  let shared; // the modules that JupyterLab shares with its extensions

  const load = async (name) => (await Object.values(shared[name])[0].get())();

  const plugin = async () => {
    const { INotebookTracker } = await load("@jupyterlab/notebook");
    return {
      id: "snnedu:outputs",
      description: "Shows a widget's stored picture where its kernel is gone, and breaks lines between words.",
      autoStart: true,
      requires: [INotebookTracker],
      activate: (_, notebooks) => {
        const watch = ({ content }) => watchFormats(content.rendermime);
        notebooks.forEach(watch);
        notebooks.widgetAdded.connect((_, panel) => watch(panel));
        document.head.append(Object.assign(document.createElement("style"), { textContent: WHOLE_WORDS }));
      },
    };
  };

  function watchFormats(formats) { // ipywidgets adds its own format now, or has done so already
    const add = formats.addFactory.bind(formats), known = formats.getFactory(WIDGET);
    formats.addFactory = (factory, rank) =>
      add(factory.mimeTypes.includes(WIDGET) ? withPicture(factory, formats) : factory, rank);
    if (known) formats.addFactory(known, 0);
  }

  function withPicture(factory, formats) {
    const createRenderer = (options) => {
      const renderer = factory.createRenderer(options), render = renderer.renderModel.bind(renderer);
      renderer.renderModel = async (output) => {
        await render(output);
        const failed = renderer.node.textContent.startsWith("Error displaying widget");
        if (failed) await showPicture(renderer, output, formats);
      };
      return renderer;
    };
    return { ...factory, createRenderer };
  }

  async function showPicture(renderer, output, formats) {
    const { [WIDGET]: _, ...data } = output.data;
    const format = formats.preferredMimeType(data, output.trusted ? "any" : "ensure");
    if (!format || format === "text/plain") return; // an error says more than a widget's name
    const picture = formats.createRenderer(format);
    await picture.renderModel({ trusted: output.trusted, data, metadata: output.metadata, setData() {} });
    renderer.node.textContent = "";
    renderer.addWidget(picture);
    if (output.trusted && `${data[format]}`.includes("<script>")) return; // it lives without a kernel
    const advice = Object.assign(document.createElement("p"), { textContent: ADVICE, className: "snnedu-stored" });
    picture.node.append(advice);
  }

  window._JUPYTERLAB ??= {};
  window._JUPYTERLAB.snnedu = {
    init(scope) { shared = scope; },
    async get() {
      const exported = { __esModule: true, default: await plugin() };
      return () => exported;
    },
  };
})();
