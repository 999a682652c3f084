package configs

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/configs/strict"
	"github.com/citytally/citytally/ingest/pull"
	"github.com/citytally/citytally/sink"
	"github.com/citytally/citytally/transform/remind"
)

// TestTheFileHoldsEveryKeyWithItsDefault makes citytally.yaml the reference
// that it says it is.
// Any password works where it is a setting of its own.
func TestAddressTakesAnyPassword(t *testing.T) {
	for _, password := range []string{"", "p/w", "a@b:c", "数据 %41", "?x=1&y#z"} {
		c := ClickHouse{DSN: "clickhouse://db:9000/citytally?compress=none", User: "city", Password: password}
		address, err := c.Address()
		if err != nil {
			t.Fatal(err)
		}
		options, err := sink.ParseDSN(address)
		if err != nil || options.Auth.Username != "city" || options.Auth.Password != password || options.Auth.Database != "citytally" {
			t.Errorf("%q: %v", password, err)
		}
	}
}

func TestTheFileHoldsEveryKeyWithItsDefault(t *testing.T) {
	got, err := Load("citytally.yaml", nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Default(), got, compare); diff != "" {
		t.Errorf("the file differs from the defaults (-default +file):\n%s", diff)
	}
	text, err := os.ReadFile("citytally.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var shown bytes.Buffer
	if err := Show(Default(), &shown); err != nil {
		t.Fatal(err)
	}
	// Show writes every key there is.
	if diff := cmp.Diff(paths(t, shown.Bytes()), paths(t, text)); diff != "" {
		t.Errorf("the keys of the file differ (-want +got):\n%s", diff)
	}
}

// TestEveryKeyIsExplained wants a remark above each key or its section.
func TestEveryKeyIsExplained(t *testing.T) {
	text, err := os.ReadFile("citytally.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	root := document.Content[0]
	for i := 0; i < len(root.Content); i += 2 {
		if key := root.Content[i]; key.HeadComment == "" {
			t.Errorf("line %d: nothing says what %s is", key.Line, key.Value)
		}
	}
}

// paths lists the paths of every key in YAML; elements of lists share one.
func paths(t *testing.T, text []byte) []string {
	t.Helper()
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	var all []string
	var walk func(node *yaml.Node, path string)
	walk = func(node *yaml.Node, path string) {
		switch node.Kind {
		case yaml.MappingNode:
			for i := 0; i < len(node.Content); i += 2 {
				child := path + "." + node.Content[i].Value
				all = append(all, child)
				walk(node.Content[i+1], child)
			}
		case yaml.SequenceNode:
			for _, element := range node.Content {
				walk(element, path+"[]")
			}
		}
	}
	walk(document.Content[0], "")
	return all
}

func TestVariablesAreDistinct(t *testing.T) {
	seen := map[string]string{}
	strict.Visit(Default(), func(path string, _ reflect.Value) {
		name := Variable(path)
		if first := seen[name]; first != "" {
			t.Errorf("%s is the variable of %s and %s", name, first, path)
		}
		seen[name] = path
	})
	if seen["CITYTALLY_TRANSFORM_ACK_WAIT"] != "transform.ack_wait" {
		t.Errorf("the variable of transform.ack_wait is missing in %v", seen)
	}
}

func TestShowMasksSecrets(t *testing.T) {
	settings := Default()
	settings.NATS.URL = "nats://geheim@n1:4222,tls://user:geheim@n2:4222"
	settings.NATS.User, settings.NATS.Password = "operator", "geheim"
	settings.ClickHouse.DSN = "http://default:geheim@db:8123/citytally?password=geheim&dial_timeout=5s"
	settings.ClickHouse.Embedded.Users[0].Password = "geheim"
	settings.Remind.Webhooks = []remind.Webhook{
		{Name: "a", URL: "https://hooks.example/robot/send?access_token=geheim"}, {Name: "b", URL: "https://hooks.example/v2/hook/geheim"}, {Name: "c", URL: "https://plain.example"},
	}
	settings.Pull.Sources = []pull.Source{{Name: "s", URL: "https://files.example/sti.csv?sig=geheim"}}
	var shown bytes.Buffer
	if err := Show(settings, &shown); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(shown.String(), "geheim") {
		t.Errorf("a secret is shown:\n%s", &shown)
	}
	for _, want := range []string{
		"url: nats://********@n1:4222,tls://********@n2:4222\n", "user: operator\n", "password: '********'\n",
		"dsn: http://********@db:8123/citytally?password=********&dial_timeout=5s\n", "read_only: true\n",
		"url: https://hooks.example/********\n", "url: https://plain.example\n", "url: https://files.example/sti.csv?sig=********\n", "ack_wait: 5s\n", "sync_interval: always\n",
	} {
		if !strings.Contains(shown.String(), want) {
			t.Errorf("%q is missing in:\n%s", want, &shown)
		}
	}
}

func TestMask(t *testing.T) {
	for text, want := range map[string]string{
		"":                                 "",
		"data":                             "data",
		"user@example":                     "user@example",
		"nats://n1:4222":                   "nats://n1:4222",
		"nats://u:p@ss w:rd@n1:4222":       "nats://********@n1:4222",
		"nats://t@n1, tls://u:p@n2":        "nats://********@n1, tls://********@n2",
		"http://h/?password=a&token=b&c=d": "http://h/?password=********&token=********&c=********",
		"http://h/?key=a&dial_timeout=5s":  "http://h/?key=********&dial_timeout=5s",
		"http://h/?http_proxy=http%3A%2F%2Fu%3Ap%40h": "http://h/?http_proxy=********",
	} {
		if got := Mask(text); got != want {
			t.Errorf("Mask(%q): want %q, got %q", text, want, got)
		}
	}
}

// What is shown can be read again.
func TestShowIsReadBack(t *testing.T) {
	settings, err := Load("testdata/embedded.good.yaml", []string{`CITYTALLY_CLICKHOUSE_EMBEDDED_USERS=[{name: "on"}, {name: reader, read_only: true}]`})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "shown.yaml")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := Show(settings, file); err != nil {
		t.Fatal(err)
	}
	back, err := Load(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(settings, back, compare); diff != "" {
		t.Error(diff)
	}
}

func TestDirectoriesFollowDir(t *testing.T) {
	settings := Default()
	settings.Dir = "/data"
	if got := settings.EmbeddedNATS().Dir; got != filepath.FromSlash("/data/nats") {
		t.Errorf("the broker's directory: got %s", got)
	}
	if got := settings.EmbeddedClickHouse().Dir; got != filepath.FromSlash("/data/clickhouse") {
		t.Errorf("the store's directory: got %s", got)
	}
	if got := settings.TokensFile(); got != filepath.FromSlash("/data/tokens.yaml") {
		t.Errorf("the tokens file: got %s", got)
	}
	settings.NATS.Embedded.Dir, settings.ClickHouse.Embedded.Dir, settings.Ingest.TokensFile = "/n", "/c", "/t"
	if n, c, tokens := settings.EmbeddedNATS().Dir, settings.EmbeddedClickHouse().Dir, settings.TokensFile(); n != "/n" || c != "/c" || tokens != "/t" {
		t.Errorf("want what was set, got %s, %s, %s", n, c, tokens)
	}
}

// TestBuiltInCatalogue holds the catalogue against the issue: 60 indicators in
// 13 programmes, and every one of them somebody's to report or computed.
func TestBuiltInCatalogue(t *testing.T) {
	c, err := Default().LoadCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Indicators) != 60 || len(c.Programmes) != 13 || c.City != "320800" {
		t.Errorf("want 60 indicators and 13 programmes of 320800, got %d and %d of %s", len(c.Indicators), len(c.Programmes), c.City)
	}
	used := map[string]bool{}
	for i := range c.Indicators {
		ind := &c.Indicators[i]
		used[ind.Programme] = true
		if ind.NameZH == "" || ind.NameEN == "" || ind.Programme == "" {
			t.Errorf("%s: want names in both languages and a programme", ind.ID)
		}
		if ind.Total != catalogue.RatioRule && !slices.Contains(ind.Datasets, "sti-annual") {
			t.Errorf("%s: want it in sti-annual, got %v", ind.ID, ind.Datasets)
		}
	}
	if len(used) != 13 {
		t.Errorf("want an indicator in every programme, got %v", used)
	}
}

// TestBuiltInCalendar holds the calendar against the catalogue: every dataset is owed by
// every district, by the carved-out zone, and by nobody who may not report it.
func TestBuiltInCalendar(t *testing.T) {
	settings := Default()
	c, err := settings.LoadCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	built, err := settings.LoadCalendar(c)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]int{"2021": 9, "2021-Q1": 8, "2021-YTD02": 8, "2021-YTD01": 0, "2021-06": 0, "2019": 0} {
		p, err := catalogue.ParsePeriod(text)
		if err != nil {
			t.Fatal(err)
		}
		owed := built.OfPeriod(p)
		if len(owed) != want {
			t.Errorf("%s: want %d areas to owe, got %v", text, want, owed)
		}
		for _, o := range owed {
			if len(o.HolidaysMissing) > 0 {
				t.Errorf("%s: holidays of %v are missing", text, o.HolidaysMissing)
			}
		}
	}
	settings.Catalogue = "another.yaml"
	if none, err := settings.LoadCalendar(c); err != nil || !none.Empty() {
		t.Errorf("with another catalogue: want nothing owed, got %v, %v", none, err)
	}
}

// The password of the server that one of two settings names is no mistake in the other.
func TestOneEnvironmentForTwoSettings(t *testing.T) {
	environ := []string{"CITYTALLY_NATS_USER=u", "CITYTALLY_NATS_PASSWORD=p", "CITYTALLY_CLICKHOUSE_PASSWORD=p"}
	if _, err := Load("", environ); err == nil {
		t.Error("want a password without a server refused where there are no other settings")
	}
	embedded, err := LoadOneOfTwo("", environ)
	if err != nil || embedded.NATS.Password != "" {
		t.Errorf("got %q, %v", embedded.NATS.Password, err)
	}
	path := filepath.Join(t.TempDir(), "cluster.yaml")
	if err := os.WriteFile(path, []byte("nats: {url: \"nats://h:4222\"}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cluster, err := LoadOneOfTwo(path, environ)
	if err != nil || cluster.NATS.User != "u" || cluster.NATS.Password != "p" {
		t.Errorf("got %+v, %v", cluster, err)
	}
	if err := os.WriteFile(path, []byte("nats: {password: p}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadOneOfTwo(path, nil); err == nil {
		t.Error("want a password without a server in the file refused")
	}
}
