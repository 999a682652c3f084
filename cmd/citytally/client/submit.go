package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/cmd/citytally/present"
	"github.com/citytally/citytally/ingest"
	sender "github.com/citytally/citytally/ingest/client"
	"github.com/citytally/citytally/ingest/token"
)

// Gateway returns a client of the gateway with a token, by its secret. Where secret is "", it is that
// of the area in the tokens file of an instance on this machine.
func (c *Client) Gateway(secret, area string) (*sender.Client, error) {
	url, err := c.address("the gateway", "url", c.addresses.Gateway, c.instance.HTTP)
	if err != nil {
		return nil, err
	}
	if secret == "" {
		file := c.settings.TokensFile()
		tokens, err := token.Load(file, nil)
		if err != nil {
			return nil, app.Usage(fmt.Errorf("no token given (--token) and none to be found here: %w", err))
		}
		if area == "" {
			area = token.AnyArea
		}
		var ok bool
		if secret, ok = tokens.Plain(area); !ok {
			return nil, app.Usage(fmt.Errorf("%s holds no token in plain text for area %s; check the code, or give a token with --token", file, area))
		}
	}
	gateway := &sender.Client{BaseURL: url, Token: secret, Via: "cli"}
	if gateway.HTTP, err = c.httpClient(url); err != nil {
		return nil, app.Usage(err)
	}
	return gateway, nil
}

// httpClient returns what connects to the gateway at the URL.
func (c *Client) httpClient(url string) (*http.Client, error) {
	if url == c.instance.HTTP || !c.settings.TLS.IsSet() {
		return c.instance.HTTPClient(c.settings)
	}
	secure, err := c.settings.TLS.Config()
	if err != nil {
		return nil, err
	}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: secure, Proxy: http.ProxyFromEnvironment}}, nil
}

// SubmitFile sends a file of figures to the gateway; "-" is stdin. A gateway that is away or
// takes nothing is tried again for as long as the upload waits for its verdict, at least once;
// then the error says so. It returns a RefusedError, in the reader's language, where the gateway refuses the whole file.
func SubmitFile(ctx context.Context, gateway *sender.Client, stdin io.Reader, file string, upload sender.Upload, l present.Language) (receipts []ingest.Receipt, err error) {
	return receipts, sendFile(gateway, stdin, file, upload, l, func(u sender.Upload) (err error) {
		receipts, err = gateway.Submit(ctx, u)
		return err
	})
}

// DryRunFile is SubmitFile without storing anything: it returns what would become of the file.
func DryRunFile(ctx context.Context, gateway *sender.Client, stdin io.Reader, file string, upload sender.Upload, l present.Language) (answer *ingest.DryRun, err error) {
	return answer, sendFile(gateway, stdin, file, upload, l, func(u sender.Upload) (err error) {
		answer, err = gateway.DryRun(ctx, u)
		return err
	})
}

func sendFile(gateway *sender.Client, stdin io.Reader, file string, upload sender.Upload, l present.Language, send func(sender.Upload) error) error {
	upload.Content, upload.File = stdin, ""
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return err
		}
		defer f.Close()
		upload.Content, upload.File = f, filepath.Base(file)
	}
	gateway.RetryFor = max(upload.Wait, time.Nanosecond)
	return told(send(upload), file, upload.Wait, l)
}

// told puts an error of the gateway about something into the reader's language.
func told(err error, what string, wait time.Duration, l present.Language) error {
	if away, ok := errors.AsType[*sender.UnavailableError](err); ok {
		return unavailable(away, what, wait, l)
	}
	var p *ingest.Problem
	switch {
	case !errors.As(err, &p):
		return err
	case l == present.Chinese && p.DetailZH != "":
		err = errors.New(p.Chinese())
	}
	return &RefusedError{err}
}

// templateWait is how long a gateway is tried for a form.
const templateWait = 10 * time.Second

// Template returns a form, with errors in the reader's language.
func Template(ctx context.Context, gateway *sender.Client, dataset, area, period, format string, l present.Language) ([]byte, error) {
	gateway.RetryFor = templateWait
	form, err := gateway.Template(ctx, dataset, area, period, format, l.Choose("zh", "en"))
	return form, told(err, dataset, templateWait, l)
}

// Receipt returns the receipt of a submission, with errors in the reader's language; place is that
// of an earlier receipt, or "". A gateway that does not answer is tried until wait is over.
func Receipt(ctx context.Context, gateway *sender.Client, id, place string, wait time.Duration, l present.Language) (*ingest.Receipt, error) {
	gateway.RetryFor = max(wait, time.Nanosecond)
	receipt, err := gateway.Receipt(ctx, id, place)
	return &receipt, told(err, id, wait, l)
}

// namesWait is how long a receipt waits for the names in it.
const namesWait = 3 * time.Second

// IndicatorNames returns the names of indicators in the reader's language, by id; none where the gateway
// does not tell them, since the answer that they are for has been given.
func IndicatorNames(ctx context.Context, gateway *sender.Client, l present.Language) map[string]string {
	once := *gateway
	once.RetryFor = time.Nanosecond
	ctx, cancel := context.WithTimeout(ctx, namesWait)
	defer cancel()
	names, err := once.IndicatorNames(ctx, l == present.Chinese)
	if err != nil {
		return nil
	}
	return names
}

// Original returns the file that a submission came in, with errors in the reader's language. A
// gateway that does not answer is tried until wait is over.
func Original(ctx context.Context, gateway *sender.Client, id string, wait time.Duration, l present.Language) ([]byte, error) {
	gateway.RetryFor = max(wait, time.Nanosecond)
	content, err := gateway.Original(ctx, id)
	return content, told(err, id, wait, l)
}

// Expand returns the files that names and patterns such as *.xlsx stand for, in order. A
// pattern that no file matches is an error; "-" and names of files stay as they are.
func Expand(patterns []string) (files []string, err error) {
	for _, pattern := range patterns {
		if _, err := os.Stat(pattern); err == nil || pattern == "-" || !strings.ContainsAny(pattern, "*?[") {
			files = append(files, pattern)
			continue
		}
		matches, err := filepath.Glob(pattern)
		if err != nil || len(matches) == 0 {
			return nil, app.Usage(fmt.Errorf("no file matches %s", pattern))
		}
		files = append(files, matches...)
	}
	return files, nil
}

// unavailable tells that a file was not taken, in the reader's language.
func unavailable(e *sender.UnavailableError, file string, wait time.Duration, l present.Language) error {
	words := &l.Words().Receipt
	p, answered := errors.AsType[*ingest.Problem](e)
	if !answered {
		return &AbsentError{fmt.Errorf(words.Unavailable, file, e.BaseURL, wait, words.Silent+" ("+e.Err.Error()+")")}
	}
	why := p.Error()
	if l == present.Chinese && p.DetailZH != "" {
		why = p.Chinese()
	}
	return fmt.Errorf(words.Unavailable, file, e.BaseURL, wait, why)
}
