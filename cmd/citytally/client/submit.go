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

// Gateway returns a client of the gateway, with the token of an area: the one that
// is given, or one from the tokens file of an instance on this machine.
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

// SubmitFile sends a file of figures to the gateway; "-" is stdin. A refusal is a
// RefusedError, in the language.
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

// contentType tells JSON from CSV where no file name says it: a document of
// JSON begins with a brace, a header of columns does not.
func contentType(r *bufio.Reader) string {
	start, _ := r.Peek(r.Size())
	if bytes.HasPrefix(bytes.TrimSpace(bytes.TrimPrefix(start, []byte("\uFEFF"))), []byte("{")) {
		return "application/json"
	}
	return "text/csv"
}
