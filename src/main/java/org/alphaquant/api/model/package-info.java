/** Endpoints for what jobs work on: models, uploaded files, presets. */
package org.alphaquant.api.model;
