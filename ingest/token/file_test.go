package token_test

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
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/token"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func city(t testing.TB) *catalogue.Catalogue {
	t.Helper()
	cat, err := catalogue.Parse([]byte(`
city: "320800"
programmes: [{id: sti, name_zh: 科技创新, name_en: Innovation}]
areas:
  - {code: "320800", name_zh: 淮安市, name_en: Huai'an, kind: city}
  - {code: "320812", name_zh: 清江浦区, name_en: Qingjiangpu, kind: district}
  - {code: "320804", name_zh: 淮阴区, name_en: Huaiyin, kind: district}
datasets: [{id: sti-annual, name_zh: 科技年报, name_en: Annual, periods: [year]}]
indicators:
  - {id: hnte_valid, name_zh: 高企, name_en: High-tech firms, programme: sti, unit: 家, kind: stock, datasets: [sti-annual]}
`))
	check(t, err)
	return cat
}

func TestOpenMakesTokensOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "tokens.yaml")
	file, generated, err := token.Open(path, city(t))
	check(t, err)
	if !generated {
		t.Error("want tokens made on a new directory")
	}
	seen := map[string]bool{}
	for _, area := range []string{"320800", "320812", "320804", "*"} {
		secret, ok := file.Plain(area)
		if !ok || len(secret) < 43 || seen[secret] {
			t.Errorf("want a long token of its own for %s, got %q", area, secret)
		}
		seen[secret] = true
	}
	if _, ok := file.Plain("320813"); ok {
		t.Error("want no token for an area that is not in the catalogue")
	}
	info, err := os.Stat(path)
	check(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("want mode 0600, got %s", info.Mode())
	}
	before, err := os.ReadFile(path)
	check(t, err)
	if _, err := token.Generate(city(t), path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("want the existing file respected, got %v", err)
	}
	if _, generated, err := token.Open(path, city(t)); err != nil || generated {
		t.Errorf("want the file read, got %t, %v", generated, err)
	}
	after, err := os.ReadFile(path)
	check(t, err)
	if string(before) != string(after) {
		t.Error("the existing file has changed")
	}
	check(t, os.Remove(path))
	_, _, err = token.Open(path, city(t))
	gone, ok := errors.AsType[*token.GoneError](err)
	if _, stat := os.Stat(path); !ok || !errors.Is(stat, fs.ErrNotExist) || !strings.Contains(gone.Error(), "tokens.made") {
		t.Fatalf("want no tokens made without being asked, and what to do, got %v", err)
	}
	check(t, os.Remove(filepath.Join(filepath.Dir(path), "tokens.made")))
	if _, generated, err := token.Open(path, city(t)); err != nil || !generated {
		t.Errorf("want tokens made when asked, got %t, %v", generated, err)
	}
}

func TestLoadReportsEveryMistake(t *testing.T) {
	const secret = "short-secret"
	path := filepath.Join(t.TempDir(), "tokens.yaml")
	check(t, os.WriteFile(path, []byte(`tokens:
  - {token: 0123456789abcdef}
  - {area: "320812", token: `+secret+`}
  - {area: "320812"}
  - {area: "320812", sha256: zz}
  - {area: "320812", token: 0123456789abcdef, sha256: aa}
  - {area: "320812", token: 0123456789abcdef}
  - {area: "320804", token: 0123456789abcdef}
  - {area: "320812", name: "a\nb", token: 0123456789abcdeg}
  - {area: "320899", token: 0123456789abcdeh}
  - {area: "320812", role: boss, token: 0123456789abcdei}
  - {area: "320812", role: bureau, token: 0123456789abcdej}
  - {area: "*", role: district, token: 0123456789abcdek}
  - {area: "320812", expires: soon, token: 0123456789abcdel}
  - {area: "320812", expries: 2030-01-01, token: 0123456789abcdem}
`), 0o600))
	_, err := token.Load(path, city(t))
	if err == nil {
		t.Fatal("want an error")
	}
	for _, want := range []string{
		path + ":2: tokens[0].area", "tokens[1].token: want at least 16", "tokens[2].token: want either", "tokens[3].sha256",
		"tokens[4].token: want either", "tokens[6]: the same token as tokens[5]", "tokens[7].name",
		`tokens[8].area: want an area of the catalogue, or "*" for all, got "320899"`, "tokens[9].role", "tokens[10].area: the bureau has every area",
		"tokens[11].role: a district has one area", "tokens[12].expires: want a date", "tokens[13].expries: no such key; did you mean tokens[13].expires?",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("want %q in\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), "abcdef") {
		t.Errorf("a token is in the message: %v", err)
	}
	for name, text := range map[string]string{"no tokens": "tokens:", "empty": "", "no YAML": "tokens: [{", "a list": "- a"} {
		check(t, os.WriteFile(path, []byte(text), 0o600))
		if _, err := token.Load(path, city(t)); err == nil || strings.Contains(err.Error(), "in force before") {
			t.Errorf("%s: want an error, and nothing of tokens that were never in force, got %v", name, err)
		}
	}
	check(t, os.WriteFile(path, []byte("tokens: []"), 0o600))
	if _, err := token.Load(path, city(t)); err != nil {
		t.Errorf("want a file that says it has none, got %v", err)
	}
}

// A file that is written wrong ends what it ends and changes nobody else.
func TestWrongFileChangesNobodyElse(t *testing.T) {
	sum := sha256.Sum256([]byte("cccccccccccccccccc"))
	c := "{area: \"320800\", sha256: " + hex.EncodeToString(sum[:]) + "}"
	const (
		a = `{area: "320812", token: aaaaaaaaaaaaaaaaaa}`
		b = `{area: "320804", token: bbbbbbbbbbbbbbbbbb}`
		d = `{area: "*", token: dddddddddddddddddd}`
	)
	list := func(entries ...string) string {
		return "tokens:\n  - " + strings.Join(entries, "\n  - ") + "\n"
	}
	for name, test := range map[string]struct {
		text    string
		in      string // the tokens in force, by their letters
		mistake string
	}{
		"right":                      {list(a, b, d), "abd", ""},
		"one fewer":                  {list(a, c), "ac", ""},
		"revoked beside a mistake":   {list(a, c, `{area: "320804"}`), "ac", "tokens[2].token"},
		"unknown key":                {list(a, `{area: "320804", token: bbbbbbbbbbbbbbbbbb, expries: 2020-01-01}`, c), "ac", "tokens[1].expries"},
		"unknown area":               {list(a, `{area: "320899", token: bbbbbbbbbbbbbbbbbb}`, c), "ac", `"320899"`},
		"another area and a mistake": {list(a, `{area: "320800", token: bbbbbbbbbbbbbbbbbb}`, c, "{}"), "ac", "tokens[3]"},
		"nobody gains":               {list(a, b, c, d, "{}"), "abc", "tokens[4]"},
		"twice":                      {list(a, b, c, b), "ac", "the same token as tokens[1]"},
		"commented out, no YAML":     {"tokens:\n  - " + a + "\n#  - " + b + "\n  - " + c + "\n  - {", "ac", "tokens.yaml"},
		"no YAML":                    {list(a, b, c) + "  - {", "abc", "tokens.yaml"},
		"no tokens":                  {"tokens: []\n", "", ""},
		"nothing listed":             {"tokens:\n", "", "want at least one"},
		"empty":                      {"", "", "want at least one"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "tokens.yaml")
			check(t, os.WriteFile(path, []byte(list(a, b, c)), 0o600))
			file, err := token.Load(path, city(t))
			check(t, err)
			check(t, os.WriteFile(path, []byte(test.text+"# longer than before, so that the change is seen"), 0o600))
			_, err = file.Reload()
			if (err == nil) != (test.mistake == "") || err != nil && !strings.Contains(err.Error(), test.mistake) {
				t.Errorf("want %q, got %v", test.mistake, err)
			}
			if _, again := file.Reload(); again != nil {
				t.Errorf("want the mistake told once, got %v", again)
			}
			var in string
			for _, entry := range file.Entries() {
				for _, letter := range "abcd" {
					if sum := sha256.Sum256([]byte(strings.Repeat(string(letter), 18))); hex.EncodeToString(sum[:])[:12] == entry.ID {
						in += string(letter)
					}
				}
			}
			if in != test.in {
				t.Errorf("want %q in force, got %q", test.in, in)
			}
		})
	}
}

func TestParseExpiry(t *testing.T) {
	zone := city(t).Zone()
	for text, want := range map[string]string{
		"": "0001-01-01T00:00:00Z", "2027-12-31": "2027-12-31T16:00:00Z", "2027-12-31T18:00:00+08:00": "2027-12-31T10:00:00Z",
		"31.12.2027": "error", "2027-02-30": "error", "tomorrow": "error",
	} {
		got, err := token.ParseExpiry(text, zone)
		shown := got.Format(time.RFC3339)
		if err != nil {
			shown = "error"
		}
		if diff := cmp.Diff(want, shown); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", text, diff)
		}
	}
}

func TestHolderMay(t *testing.T) {
	for _, test := range []struct {
		holder    token.Holder
		see, send string
	}{
		{token.Holder{Role: token.District, Area: "a"}, "a", "a"},
		{token.Holder{Role: token.Bureau, Area: "*"}, "ab", "ab"},
		{token.Holder{Role: token.Analyst, Area: "*"}, "ab", ""},
		{token.Holder{Role: token.Analyst, Area: "b"}, "b", ""},
	} {
		var see, send string
		for _, area := range []string{"a", "b"} {
			if test.holder.MaySee(area) {
				see += area
			}
			if test.holder.MaySend(area) {
				send += area
			}
		}
		if see != test.see || send != test.send {
			t.Errorf("%s: want to see %q and send %q, got %q and %q", fmt.Sprint(test.holder), test.see, test.send, see, send)
		}
	}
}
