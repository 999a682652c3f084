package ingest_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest"
)

func TestGenerateTokens(t *testing.T) {
	cat, err := catalogue.Parse([]byte(catalogueText))
	check(t, err)
	path := filepath.Join(t.TempDir(), "new", "tokens.yaml")
	tokens, err := ingest.GenerateTokens(cat, path)
	check(t, err)
	seen := map[string]bool{}
	for _, area := range []string{"320800", "320812", "320804", "*"} {
		token, ok := tokens.Plain(area)
		if !ok || len(token) < 26 || seen[token] {
			t.Errorf("want a long token of its own for %s, got %q", area, token)
		}
		seen[token] = true
	}
	if _, ok := tokens.Plain("320813"); ok {
		t.Error("want no token for an area that is not in the catalogue")
	}
	info, err := os.Stat(path)
	check(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("want mode 0600, got %s", info.Mode())
	}
	if files, _ := os.ReadDir(filepath.Dir(path)); len(files) != 1 {
		t.Errorf("want nothing but the file left behind, got %v", files)
	}
	before, err := os.ReadFile(path)
	check(t, err)
	if _, err := ingest.GenerateTokens(cat, path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("want the existing file respected, got %v", err)
	}
	after, err := os.ReadFile(path)
	check(t, err)
	if string(before) != string(after) {
		t.Error("the existing file has changed")
	}
}

func TestLoadTokensReportsEveryMistake(t *testing.T) {
	const secret = "short-secret"
	path := filepath.Join(t.TempDir(), "tokens.yaml")
	check(t, os.WriteFile(path, []byte(`tokens:
  - {token: 0123456789abcdef}
  - {area: a, token: `+secret+`}
  - {area: b}
  - {area: c, sha256: zz}
  - {area: d, token: 0123456789abcdef, sha256: aa}
  - {area: e, token: 0123456789abcdef}
  - {area: f, token: 0123456789abcdef}
  - {area: g, name: "a\nb", token: 0123456789abcdeg}
`), 0o600))
	_, err := ingest.LoadTokens(path)
	if err == nil {
		t.Fatal("want an error")
	}
	for _, want := range []string{
		path, "tokens[0].area", "tokens[1].token: want at least 16", "tokens[2].token: want either", "tokens[3].sha256",
		"tokens[4].token: want either", "tokens[6]: the same token as tokens[5]", "tokens[7].name",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("want %q in\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), "abcdef") {
		t.Errorf("a token is in the message: %v", err)
	}
	for name, text := range map[string]string{"unknown key": "tokens: [{area: a, tokn: x}]", "no tokens": "tokens: []", "empty": ""} {
		check(t, os.WriteFile(path, []byte(text), 0o600))
		if _, err := ingest.LoadTokens(path); err == nil {
			t.Errorf("%s: want an error", name)
		}
	}
}

func TestTokensAreReadAgain(t *testing.T) {
	h := open(t)
	old := h.token("320812")
	const fresh = "a-new-token-for-the-district"
	hash := sha256.Sum256([]byte(fresh))
	replace := func(text string) {
		temp := h.path + ".new"
		check(t, os.WriteFile(temp, []byte(text), 0o600))
		check(t, os.Rename(temp, h.path))
	}
	status := func(token string) int {
		return h.do("GET", "/v1/areas", "", map[string]string{"Authorization": "bearer " + token}, "").status
	}
	if got := status(old); got != 200 {
		t.Fatalf("want the old token in, got %d", got)
	}
	replace(fmt.Sprintf("tokens: [{area: \"320812\", sha256: %s}]\n", hex.EncodeToString(hash[:])))
	if status(fresh) != 200 || status(old) != 401 {
		t.Errorf("want the new token in and the old one out, got %d and %d", status(fresh), status(old))
	}
	replace("tokens: [{broken")
	if got := status(fresh); got != 200 {
		t.Errorf("want the tokens to stay when the file is broken, got %d", got)
	}
	check(t, os.Remove(h.path))
	if got := status(fresh); got != 200 {
		t.Errorf("want the tokens to stay when the file is away, got %d", got)
	}
}
