// The contract, to read and to try: on the service that serves it, with the key of this tab.

import {address, key} from "./api.js";

window.SwaggerUIBundle({
  url: "openapi.yaml",
  dom_id: "#explorer",
  deepLinking: true,
  validatorUrl: null,
  requestInterceptor: (request) => {
    request.url = request.url.replace("http://localhost:8080/", address("/"));
    if (key()) request.headers.Authorization = `Bearer ${key()}`;
    return request;
  },
});
