package org.alphaquant.api.json;

import java.io.IOException;
import java.util.List;
import org.springframework.http.HttpInputMessage;
import org.springframework.http.HttpOutputMessage;
import org.springframework.http.MediaType;
import org.springframework.http.converter.HttpMessageConverter;
import org.springframework.http.converter.HttpMessageNotWritableException;
import org.springframework.stereotype.Component;

/** Reads records from request bodies and refuses unknown fields. */
@Component
class StrictJsonConverter implements HttpMessageConverter<Object> {

  private final StrictJson json = new StrictJson();

  @Override
  public boolean canRead(Class<?> type, MediaType mediaType) {
    return type.isRecord()
        && type.getPackageName().startsWith("org.alphaquant.")
        && (mediaType == null || MediaType.APPLICATION_JSON.includes(mediaType));
  }

  @Override
  public boolean canWrite(Class<?> type, MediaType mediaType) {
    return false;
  }

  @Override
  public List<MediaType> getSupportedMediaTypes() {
    return List.of(MediaType.APPLICATION_JSON);
  }

  @Override
  public Object read(Class<?> type, HttpInputMessage message) throws IOException {
    return json.read(message.getBody(), type);
  }

  @Override
  public void write(Object value, MediaType mediaType, HttpOutputMessage message) {
    throw new HttpMessageNotWritableException("Request bodies are only read: " + value.getClass());
  }
}
