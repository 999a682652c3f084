package pull

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"path"
	"time"

	"github.com/citytally/citytally/configs/outbound"
)

// file is what was fetched.
type file struct {
	name    string
	content []byte
}

// errUnchanged says that the source is as it was.
var errUnchanged = errors.New("unchanged")

// maxRedirects is how often a source may lead elsewhere within its origin.
const maxRedirects = 5

// fetch asks the address of a source for its file. It returns errUnchanged where that is as it was
// at the last answer, and the marks of this answer.
func (s *Source) fetch(ctx context.Context, headers http.Header, timeout time.Duration, most int64, last *Record) (f file, etag, modified string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL, nil)
	if err != nil {
		return file{}, "", "", err
	}
	request.Header = headers
	request.Header.Set("User-Agent", "citytally")
	if last.ETag != "" {
		request.Header.Set("If-None-Match", last.ETag)
	}
	if last.LastModified != "" {
		request.Header.Set("If-Modified-Since", last.LastModified)
	}
	response, err := outbound.Client(timeout, maxRedirects, s.AllowLocal).Do(request)
	if err != nil {
		return file{}, "", "", fmt.Errorf("fetch: %w", outbound.WithoutAddress(err))
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusOK:
	case http.StatusNotModified:
		return file{}, "", "", errUnchanged
	default:
		return file{}, "", "", fmt.Errorf("fetch: the source answers %s", response.Status)
	}
	content, err := io.ReadAll(io.LimitReader(response.Body, most+1))
	if err != nil {
		return file{}, "", "", fmt.Errorf("fetch: %w", err)
	}
	return file{nameOf(response), content}, response.Header.Get("ETag"), response.Header.Get("Last-Modified"), nil
}

// nameOf returns what a source calls its file.
func nameOf(response *http.Response) string {
	if _, parameters, err := mime.ParseMediaType(response.Header.Get("Content-Disposition")); err == nil && parameters["filename"] != "" {
		return path.Base(parameters["filename"])
	}
	if name := path.Base(response.Request.URL.Path); name != "/" && name != "." {
		return name
	}
	return "figures"
}
