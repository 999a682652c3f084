package catalogue

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"time"
	_ "time/tzdata" // the city's time zone has to be known on machines without a zone database too

	"github.com/citytally/citytally/configs/strict"
)

// Catalogue is one city's areas, indicators and datasets, checked and indexed. It does not
// change after it was read.
type Catalogue struct {
	// City is the code of the area of kind city.
	City string `yaml:"city" json:"city"`
	// TimeZone is the IANA name of the city's time zone, in which periods begin and
	// end; Asia/Shanghai where the file names none.
	TimeZone   string      `yaml:"time_zone" json:"time_zone"`
	Programmes []Programme `yaml:"programmes" json:"programmes"`
	Areas      []Area      `yaml:"areas" json:"areas"`
	Datasets   []Dataset   `yaml:"datasets" json:"datasets"`
	Indicators []Indicator `yaml:"indicators" json:"indicators"`
	// UnitSynonyms are groups of units that count the same in what is reported, such as 人
	// and 名: a figure in one of them is read as one in the indicator's own.
	UnitSynonyms [][]string `yaml:"unit_synonyms" json:"unit_synonyms,omitempty"`

	version    string
	text       string
	zone       *time.Location
	areas      map[string]*Area
	datasets   map[string]*Dataset
	indicators map[string]*Indicator
	dependents map[string][]*Indicator
	names      nameIndex
}

// Programme is a heading of the report.
type Programme struct {
	ID     string `yaml:"id" json:"id"`
	NameZH string `yaml:"name_zh" json:"name_zh"`
	NameEN string `yaml:"name_en" json:"name_en"`
}

// Load reads and checks a catalogue file. Mistakes are reported as by [Parse].
func Load(path string) (*Catalogue, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read catalogue: %w", err)
	}
	return parse(path, text)
}

// Parse reads a catalogue strictly and reports every mistake at once, each with
// its line and its path in the text.
func Parse(text []byte) (*Catalogue, error) { return parse("catalogue", text) }

func parse(source string, text []byte) (*Catalogue, error) {
	c := &Catalogue{}
	decoder := strict.NewDecoder(source, c)
	decoder.Document(text)
	c.applyDefaults()
	decoder.Add(c.index())
	if err := decoder.Err(); err != nil {
		return nil, err
	}
	c.version, c.text = VersionOf(text), string(text)
	return c, nil
}

// VersionOf returns what identifies the content of a text: 12 hex digits of its SHA-256.
func VersionOf(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:6])
}

// Version identifies the catalogue's content: 12 hex digits of the SHA-256 of
// its text. Every total says under which version it was computed.
func (c *Catalogue) Version() string { return c.version }

// Text returns the text that the catalogue was read from.
func (c *Catalogue) Text() string { return c.text }

// Zone returns the city's time zone.
func (c *Catalogue) Zone() *time.Location { return c.zone }

// Area looks an area up by code.
func (c *Catalogue) Area(code string) (*Area, bool) { a, ok := c.areas[code]; return a, ok }

// Dataset looks a dataset up by id.
func (c *Catalogue) Dataset(id string) (*Dataset, bool) { d, ok := c.datasets[id]; return d, ok }

// Indicator looks an indicator up by id.
func (c *Catalogue) Indicator(id string) (*Indicator, bool) { i, ok := c.indicators[id]; return i, ok }

// Dependents returns the ratios that have the indicator as numerator or
// denominator.
func (c *Catalogue) Dependents(id string) []*Indicator { return c.dependents[id] }

// The time zone of a catalogue that names none: that of all of China.
const defaultTimeZone = "Asia/Shanghai"

func (c *Catalogue) applyDefaults() {
	c.TimeZone = cmp.Or(c.TimeZone, defaultTimeZone)
	for i := range c.Indicators {
		ind := &c.Indicators[i]
		ind.unit = ParseUnit(ind.UnitName)
		ind.synonyms = c.synonymsOf(ind.unit)
		if ind.Kind == "" {
			ind.Kind = Flow
			if ind.Total == RatioRule {
				ind.Kind = Ratio
			}
		}
		if ind.Total == "" {
			ind.Total = SumRule
			if ind.Kind == Ratio {
				ind.Total = RatioRule
			}
		}
		if ind.CountsFor == "" && ind.Total == DistinctRule {
			ind.CountsFor = FirstReported
		}
		if ind.Change == "" {
			ind.Change = Percent
			if ind.unit.Share() {
				ind.Change = Point
			}
		}
		if ind.Rounding == "" {
			ind.Rounding = HalfUp
		}
		if ind.Coverage == "" {
			ind.Coverage = Complete
		}
		if ind.Factor == 0 {
			ind.Factor = map[string]int64{"%": 100, "‰": 1000}[ind.UnitName]
			if ind.Factor == 0 {
				ind.Factor = 1
			}
		}
	}
	for i := range c.Datasets {
		if c.Datasets[i].Stage == 0 {
			c.Datasets[i].Stage = Final
		}
	}
}
