package strict

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

type document struct {
	Name    string        `yaml:"name"`
	Wait    time.Duration `yaml:"wait"`
	Words   []string      `yaml:"words"`
	Day     day           `yaml:"day"`
	Rate    float64       `yaml:"rate"`
	Limit   uint8         `yaml:"limit"`
	Part    part          `yaml:"part"`
	Parts   []part        `yaml:"parts"`
	Ignored string        `yaml:"-"`
	private string
}

type part struct {
	HTTPPort int
	ReadOnly bool
	Token    string `yaml:"token,omitempty"`
}

// day stands for the structs that are written as text.
type day struct{ time.Time }

func (d *day) UnmarshalText(text []byte) (err error) {
	if d.Time, err = time.Parse(time.DateOnly, string(text)); err != nil {
		return errors.New("want a day")
	}
	return nil
}

func (d day) MarshalText() ([]byte, error) { return []byte(d.Format(time.DateOnly)), nil }

func TestDocumentLaysOverDefaults(t *testing.T) {
	got := document{Name: "default", Wait: time.Second, Words: []string{"a"}, Part: part{HTTPPort: 1, Token: "t"}, Parts: []part{{HTTPPort: 9}}, private: "p"}
	d := NewDecoder("f.yaml", &got)
	d.Document([]byte(`
name:
wait: 0
words: &w [b, "3"]
day: 2016-10-08
rate: 1.5
limit: 255
part: &p {http_port: 2}
parts: [*p, {read_only: true}]
`))
	want := document{
		Name: "default", Words: []string{"b", "3"}, Day: day{time.Date(2016, 10, 8, 0, 0, 0, 0, time.UTC)}, Rate: 1.5, Limit: 255,
		Part: part{HTTPPort: 2, Token: "t"}, Parts: []part{{HTTPPort: 2}, {ReadOnly: true}}, private: "p",
	}
	if err := d.Err(); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("want %+v, got %+v, %v", want, got, err)
	}
}

func TestDocumentReportsEveryMistakeAndGoesOn(t *testing.T) {
	var got document
	d := NewDecoder("f.yaml", &got)
	d.Document([]byte(`name: {a: b}
wait: 5
words: a
day: 2016-13-01
rate: high
limit: 256
part:
  http_prot: 1
  token: [geheim]
  read_only: true
parts: [1, {read_only: perhaps}]
Ignored: x
private: y
wait: 7s
<<: {name: z}
1: 2
`))
	want := []string{
		`f.yaml:1: name: want text, got keys and values`,
		`f.yaml:2: wait: want a duration with its unit, such as 5s or 5m, got 5`,
		`f.yaml:3: words: want a list such as [a, b], got "a"`,
		`f.yaml:4: day: want a day`,
		`f.yaml:5: rate: want a number, got "high"`,
		`f.yaml:6: limit: want a whole number, got "256"`,
		`f.yaml:8: part.http_prot: no such key; did you mean part.http_port?`,
		`f.yaml:9: part.token: want text, got something else`,
		`f.yaml:11: parts[0]: want keys and values, got "1"`,
		`f.yaml:11: parts[1].read_only: want true or false, got "perhaps"`,
		`f.yaml:12: Ignored: no such key; there are name, wait, words, day, rate, limit, part, parts`,
		`f.yaml:13: private: no such key; did you mean rate?`,
		`f.yaml:14: wait: set twice; it is in line 2 already`,
		`f.yaml:15: <<: no such key; there are name, wait, words, day, rate, limit, part, parts`,
		`f.yaml:16: 1: no such key; there are name, wait, words, day, rate, limit, part, parts`,
	}
	if diff := cmp.Diff(strings.Join(want, "\n"), fmt.Sprint(d.Err())); diff != "" {
		t.Errorf("messages differ (-want +got):\n%s", diff)
	}
	if !got.Part.ReadOnly {
		t.Error("a good key beside bad ones was not read")
	}
}

func TestAddNamesThePlaceOfTheKey(t *testing.T) {
	var got document
	d := NewDecoder("f.yaml", &got)
	d.Document([]byte("part:\n  http_port: 1\nparts:\n  - token: a\n"))
	d.Text("VARIABLE", "5s", "wait", reflect.ValueOf(&got.Wait).Elem())
	d.Text("PARTS", "[{colour: red}]", "parts", reflect.ValueOf(&got.Parts).Elem())
	d.Add(errors.Join(
		errors.Join(errors.New("part.http_port: small"), errors.New("part.token: none")),
		errors.New("parts[0].token (a): short"),
		errors.New("wait: long"),
		errors.New("name: none"),
	))
	want := `PARTS: parts[0].colour: no such key; there are http_port, read_only, token
f.yaml:2: part.http_port: small
f.yaml:2: part.token: none
PARTS: parts[0].token (a): short
VARIABLE: wait: long
f.yaml: name: none`
	if diff := cmp.Diff(want, fmt.Sprint(d.Err())); diff != "" {
		t.Errorf("messages differ (-want +got):\n%s", diff)
	}
}

func TestVisitSeesEveryKey(t *testing.T) {
	var paths []string
	Visit(&document{}, func(path string, v reflect.Value) {
		if !v.CanSet() {
			t.Errorf("%s cannot be set", path)
		}
		paths = append(paths, path)
	})
	want := []string{"name", "wait", "words", "day", "rate", "limit", "part.http_port", "part.read_only", "part.token", "parts"}
	if diff := cmp.Diff(want, paths); diff != "" {
		t.Error(diff)
	}
}

func TestEncodeIsReadBackAndHidesSecrets(t *testing.T) {
	source := document{Name: "on", Wait: 90 * time.Second, Words: []string{"1", "b"}, Parts: []part{{ReadOnly: true, Token: "geheim"}}}
	node, err := Encode(&source, "***", func(_, text string) string { return strings.ToUpper(text) })
	if err != nil {
		t.Fatal(err)
	}
	text, err := yaml.Marshal(node)
	if err != nil {
		t.Fatal(err)
	}
	var back document
	d := NewDecoder("f.yaml", &back)
	d.Document(text)
	source.Name, source.Parts[0].Token = "ON", "***"
	if err := d.Err(); err != nil || !reflect.DeepEqual(back, source) {
		t.Errorf("want %+v, got %+v, %v, from\n%s", source, back, err, text)
	}
}

func TestSnakeCase(t *testing.T) {
	for name, want := range map[string]string{"Dir": "dir", "ReadOnly": "read_only", "HTTPPort": "http_port", "MaxHTTP": "max_http", "ID": "id"} {
		if got := snakeCase(name); got != want {
			t.Errorf("snakeCase(%s): want %s, got %s", name, want, got)
		}
	}
}

func TestNearest(t *testing.T) {
	candidates := []string{"batch_rows", "batch_bytes", "dsn", "url"}
	for word, want := range map[string]string{"batchrows": "batch_rows", "bacth_bytes": "batch_bytes", "dns": "dsn", "elephant": "", "": ""} {
		if got := Nearest(word, candidates); got != want {
			t.Errorf("Nearest(%q): want %q, got %q", word, want, got)
		}
	}
}

func FuzzDocument(f *testing.F) {
	for _, seed := range []string{"name: a\nparts: [{token: b}]", "a: &a [*a]", "day: 1\n---\n", "part: *x", "parts: [~, {}]", "? [a]\n: b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var target document
		d := NewDecoder("f", &target)
		d.Document([]byte(text))
		for _, err := range Flatten(d.Err()) {
			if !strings.HasPrefix(err.Error(), "f:") {
				t.Fatalf("%q does not say where", err)
			}
		}
	})
}
