// The contract, to read and to try: on the service that serves it, with the key of this tab.

import {address, credential} from "./api.js";
import {themed} from "./theme.js";

themed();
window.SwaggerUIBundle({
  url: "openapi.yaml",
  dom_id: "#explorer",
  deepLinking: true,
  validatorUrl: null,
  requestInterceptor: async (request) => {
    request.url = request.url.replace("http://localhost:8080/", address("/"));
    const bearer = await credential();
    if (bearer) request.headers.Authorization = `Bearer ${bearer}`;
    return request;
  },
});
