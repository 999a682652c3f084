package main

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/citytally/citytally/cmd/citytally/access"
	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/cmd/citytally/present"
	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/configs/tlsfiles"
	"github.com/citytally/citytally/configs/tlsfiles/tlsfilestest"
)

// answerOver returns the body of an answer over TLS, or the error.
func answerOver(t *testing.T, url string, files tlsfiles.Client) (string, error) {
	t.Helper()
	secure, err := files.Config()
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: secure, DisableKeepAlives: true}}
	response, err := client.Get(url)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return string(body), err
}

// All servers speak TLS and ask clients for certificates. Commands find them by --dir and need
// no more than a certificate of their own; those elsewhere need the authority too. Nobody else
// gets a word out of a server. The certificate is exchanged while the program runs.
func TestEverythingOverTLS(t *testing.T) {
	authority := tlsfilestest.New(t)
	files, own := authority.Server(t, "first"), authority.Client(t, "commands")
	files.ClientCAFile = authority.File
	for _, section := range []string{"INGEST", "OPERATIONS", "NATS_EMBEDDED", "CLICKHOUSE_EMBEDDED"} {
		t.Setenv("CITYTALLY_"+section+"_TLS_CERT_FILE", files.CertFile)
		t.Setenv("CITYTALLY_"+section+"_TLS_KEY_FILE", files.KeyFile)
		t.Setenv("CITYTALLY_"+section+"_TLS_CLIENT_CA_FILE", files.ClientCAFile)
	}
	t.Setenv("CITYTALLY_TLS_CERT_FILE", own.CertFile)
	t.Setenv("CITYTALLY_TLS_KEY_FILE", own.KeyFile)
	dir := t.TempDir()
	p := start(t, nil, append([]string{"run"}, anyPorts(dir)...)...)
	var i *app.Instance
	eventually(t, "the gateway is ready", func() bool {
		select {
		case err := <-p.ended:
			t.Fatalf("run ended: %v\n%s", err, p.output)
		default:
		}
		var err error
		if i, err = app.FindInstance(dir); err != nil {
			return false
		}
		answer, err := answerOver(t, i.Operations+"/readyz", own)
		return err == nil && strings.Contains(answer, `"ready":true`)
	})
	for _, address := range []struct{ is, scheme string }{{i.HTTP, "https"}, {i.Operations, "https"}, {i.ClickHouseHTTP, "https"}, {i.NATS, "tls"}} {
		if !strings.HasPrefix(address.is, address.scheme+"://") {
			t.Errorf("the instance has the address %s, want %s", address.is, address.scheme)
		}
	}
	push(t, dir, "320812", 100)
	must(t, "submit", "--dir", dir, "--url", i.HTTP, "--area", "320804", "--dataset", "sti-annual", csvFile(t, "indicator,period,value\ngdp,2021,7\n"))
	eventually(t, "the total is in ClickHouse", func() bool {
		return strings.Contains(must(t, "sql", "--dir", dir, "SELECT value FROM totals_latest WHERE indicator = 'gdp'", "--format", "csv"), "107")
	})
	var status present.Status
	if err := json.Unmarshal([]byte(must(t, "status", "--dir", dir, "--format", "json")), &status); err != nil || len(status.NotReady) > 0 || len(status.Process.Exposed) > 0 {
		t.Errorf("status: %+v, %v", status, err)
	}
	must(t, "journal", "--dir", dir)

	for _, url := range []string{i.HTTP + "/healthz", i.Operations + "/healthz", i.ClickHouseHTTP + "/ping"} {
		if _, err := answerOver(t, url, own); err != nil {
			t.Errorf("%s: %v", url, err)
		}
		if answer, err := answerOver(t, url, tlsfiles.Client{CAFile: authority.File}); err == nil {
			t.Errorf("%s answers without a certificate: %s", url, answer)
		}
		response, err := http.Get(strings.Replace(url, "https://", "http://", 1))
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || response.StatusCode != http.StatusBadRequest || !strings.Contains(string(text), "HTTPS") {
			t.Errorf("%s in plain text: %d %s, %v", url, response.StatusCode, text, err)
		}
	}
	t.Setenv("CITYTALLY_TLS_CERT_FILE", "")
	t.Setenv("CITYTALLY_TLS_KEY_FILE", "")
	if code, _, stderr := citytally(t, "submit", "--dir", dir, "--area", "320804", "--dataset", "sti-annual", csvFile(t, "indicator,period,value\ngdp,2021,8\n")); code == 0 || !strings.Contains(stderr, "certificate") {
		t.Errorf("submit without a certificate: exit code %d, %s", code, stderr)
	}

	tlsfilestest.Replace(t, files, authority.Server(t, "second"))
	secure, err := own.Config()
	if err != nil {
		t.Fatal(err)
	}
	for _, url := range []string{i.HTTP, i.Operations, i.ClickHouseHTTP} {
		eventually(t, url+" shows the second certificate", func() bool {
			conn, err := tls.Dial("tcp", strings.TrimPrefix(url, "https://"), secure)
			if err != nil {
				return false
			}
			defer conn.Close()
			return conn.ConnectionState().PeerCertificates[0].Subject.CommonName == "second"
		})
	}
	p.stop(t, syscall.SIGTERM)
	checkPrintedTLS(t, dir, files)
}

// checkPrintedTLS has nats-server's own reader read the configuration that setup prints.
func checkPrintedTLS(t *testing.T, dir string, files tlsfiles.Server) {
	t.Helper()
	text := must(t, "setup", "--dir", dir, "--print-broker-config")
	if want := access.Encryption(files); want == "" || !strings.HasSuffix(text, want) {
		t.Errorf("the printed configuration ends otherwise than with\n%s", want)
	}
	var secrets strings.Builder
	for _, user := range access.Users() {
		secrets.WriteString("NATS_" + strings.ToUpper(user.Name) + "_PASSWORD: secret\n")
	}
	o := &server.Options{}
	if err := o.ProcessConfigString(secrets.String() + text); err != nil {
		t.Fatal(err)
	}
	if o.TLSConfig == nil || o.TLSConfig.ClientAuth != tls.RequireAndVerifyClientCert || o.TLSConfig.MinVersion != tls.VersionTLS12 || o.TLSConfig.ClientCAs == nil {
		t.Error("nats-server does not read TLS with certificates of clients")
	}
}

// What other machines can reach in plain text is told at the start and by status.
func TestPlainTextBeyondThisMachineIsTold(t *testing.T) {
	dir := t.TempDir()
	p := startRun(t, dir, "--only", app.StageIngest, "--http", "0.0.0.0:0")
	defer p.stop(t, syscall.SIGTERM)
	if !strings.Contains(p.output.String(), "other machines can reach a server that speaks plain text") {
		t.Errorf("the log does not tell: %s", p.output)
	}
	i, err := app.FindInstance(dir)
	if err != nil || !slices.Equal(i.Exposed, []string{"gateway on 0.0.0.0 (ingest.tls)"}) {
		t.Errorf("exposed: %+v, %v", i, err)
	}
	var out bytes.Buffer
	(&present.Printer{Catalogue: &catalogue.Catalogue{}, Language: present.English}).Status(&out, &present.Status{Process: &present.Process{Exposed: i.Exposed}, Problem: "away"}, present.FormatTable)
	if !strings.Contains(out.String(), "WITHOUT TLS: other machines can reach gateway on 0.0.0.0 (ingest.tls)") {
		t.Errorf("status: %s", out.String())
	}
}
