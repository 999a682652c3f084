package client

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/cmd/citytally/present"
	"github.com/citytally/citytally/ingest"
)

// Gateway returns a client of the gateway with a token. Where token is "", it is that
// of the area in the tokens file of an instance on this machine.
func (c *Client) Gateway(token, area string) (*ingest.Client, error) {
	url, err := c.address("the gateway", "url", c.addresses.Gateway, c.instance.HTTP)
	if err != nil {
		return nil, err
	}
	if token == "" {
		file := c.settings.TokensFile()
		tokens, err := ingest.LoadTokens(file)
		if err != nil {
			return nil, app.Usage(fmt.Errorf("no token given (--token) and none to be found here: %w", err))
		}
		if area == "" {
			area = ingest.AnyArea
		}
		var ok bool
		if token, ok = tokens.Plain(area); !ok {
			return nil, app.Usage(fmt.Errorf("%s holds no token in plain text for area %s; check the code, or give a token with --token", file, area))
		}
	}
	return &ingest.Client{BaseURL: url, Token: token, Via: "cli"}, nil
}

// SubmitFile sends a file of figures to the gateway; "-" is stdin. It returns a
// RefusedError, in the reader's language, where the gateway refuses the whole file.
func SubmitFile(ctx context.Context, gateway *ingest.Client, stdin io.Reader, file string, upload ingest.Upload, l present.Language) ([]ingest.Receipt, error) {
	content := bufio.NewReader(stdin)
	upload.File = ""
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		content, upload.File = bufio.NewReader(f), filepath.Base(file)
	}
	upload.Content = content
	switch ext := strings.ToLower(filepath.Ext(file)); ext {
	case ".csv":
		upload.ContentType = "text/csv"
	case ".json":
		upload.ContentType = "application/json"
	case "":
		upload.ContentType = contentType(content)
	default:
		return nil, app.Usage(fmt.Errorf("%s: want a .csv or .json file, got %s; in Excel save as CSV UTF-8", file, ext))
	}
	receipts, err := gateway.Submit(ctx, upload)
	var p *ingest.Problem
	switch {
	case !errors.As(err, &p):
		return receipts, err
	case l == present.Chinese && p.DetailZH != "":
		err = errors.New(p.Chinese())
	}
	return nil, &RefusedError{err}
}

// contentType tells JSON from CSV by how the text begins, with a brace or not; it
// reads nothing.
func contentType(r *bufio.Reader) string {
	start, _ := r.Peek(r.Size())
	if bytes.HasPrefix(bytes.TrimSpace(bytes.TrimPrefix(start, []byte("\uFEFF"))), []byte("{")) {
		return "application/json"
	}
	return "text/csv"
}
