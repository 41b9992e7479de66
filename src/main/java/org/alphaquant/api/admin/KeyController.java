package org.alphaquant.api.admin;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.alphaquant.api.edge.Locations;
import org.alphaquant.api.problem.ProblemException;
import org.alphaquant.api.problem.ProblemType;
import org.alphaquant.job.SpecException;
import org.alphaquant.problem.Problem;
import org.alphaquant.security.ApiKey;
import org.alphaquant.security.KeyRing;
import org.alphaquant.security.Scope;
import org.alphaquant.security.SetupToken;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/** Creates, lists and revokes API keys; for administrators. */
@RestController
@ConditionalOnWebApplication
@RequestMapping(path = "/v1/keys", produces = MediaType.APPLICATION_JSON_VALUE)
class KeyController {

  private static final int LONGEST_TEXT = 255;
  private static final Instant LATEST = Instant.parse("9999-12-31T23:59:59Z");

  private final KeyRing keys;
  private final SetupToken setup;

  KeyController(KeyRing keys, SetupToken setup) {
    this.keys = keys;
    this.setup = setup;
  }

  @PostMapping(consumes = MediaType.APPLICATION_JSON_VALUE)
  ResponseEntity<CreatedKey> create(
      @RequestBody KeyRequest request,
      @RequestHeader(name = SetupToken.HEADER, required = false) String token) {
    if (setup.isNeeded()) {
      checkFirst(request, token);
    }
    KeyRing.NewKey made =
        keys.create(request.owner(), request.scopes(), request.name(), request.expiresAt());
    return ResponseEntity.created(Locations.of("/v1/keys/" + made.key().id()))
        .header("Cache-Control", "no-store")
        .body(new CreatedKey(made.text(), made.key()));
  }

  /**
   * Once one key exists, every request needs one: without the admin scope nobody could make
   * another.
   */
  private void checkFirst(KeyRequest request, String token) {
    if (!setup.matches(token)) {
      throw new ProblemException(
          ProblemType.SETUP_TOKEN_NEEDED,
          "The first key is made with the command create-key, or with the header "
              + SetupToken.HEADER
              + " and the token that the service's log has had since its start.");
    }
    if (!request.scopes().contains(Scope.ADMIN)) {
      Problem fault =
          Problem.error(
              "no-admin", "/scopes", request.scopes(), "must hold admin in the first key");
      throw new ProblemException(ProblemType.INVALID_BODY, List.of(fault));
    }
  }

  @GetMapping
  KeyList list() {
    return new KeyList(keys.list());
  }

  @DeleteMapping(path = "/{id}", produces = MediaType.ALL_VALUE)
  ResponseEntity<Void> revoke(@PathVariable String id) {
    keys.revoke(id)
        .orElseThrow(
            () -> new ProblemException(ProblemType.KEY_NOT_FOUND, "There is no key " + id + "."));
    return ResponseEntity.noContent().build();
  }

  /** All keys, without their secrets. */
  record KeyList(List<ApiKey> data) {}

  /** The only answer that contains the whole key. */
  record CreatedKey(String key, @JsonUnwrapped ApiKey about) {}

  /**
   * @param scopes read, write, admin
   * @param name what it is for
   * @param expiresAt null for never
   */
  record KeyRequest(
      String owner, Set<Scope> scopes, String name, @JsonProperty("expires_at") Instant expiresAt) {

    KeyRequest {
      if (owner == null || owner.isBlank() || owner.length() > LONGEST_TEXT) {
        throw new SpecException("owner", owner, "a text of 1 to 255 characters");
      }
      if (scopes == null || scopes.isEmpty() || scopes.contains(null)) {
        throw new SpecException("scopes", scopes, "some of read, write, admin");
      }
      if (owner.chars().anyMatch(Character::isISOControl)) {
        throw new SpecException("owner", "a text with control characters", "plain text");
      }
      if (name != null && name.length() > LONGEST_TEXT) {
        throw new SpecException("name", name, "a text of at most 255 characters");
      }
      if (expiresAt != null && expiresAt.isBefore(Instant.now())) {
        throw new SpecException("expires_at", expiresAt, "a time to come");
      }
      if (expiresAt != null && expiresAt.isAfter(LATEST)) {
        throw new SpecException("expires_at", expiresAt, "at most " + LATEST);
      }
    }
  }
}
