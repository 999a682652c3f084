package openapi

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
)

//go:embed openapi.yaml
var document []byte

//go:embed page.html
var pageText string

//go:embed page.css
var style string

// Document returns the OpenAPI document in YAML.
func Document() []byte { return document }

// Load returns the document, checked.
func Load() (*openapi3.T, error) {
	loader := openapi3.NewLoader()
	d, err := loader.LoadFromData(document)
	if err != nil {
		return nil, err
	}
	return d, d.Validate(loader.Context)
}

// Page returns the document as an HTML page, and what a content security policy calls the
// style that is in it. It panics where the document is broken, which a test would show.
func Page() (page []byte, styleHash string) {
	sum := sha256.Sum256([]byte(style))
	return rendered(), "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

var rendered = sync.OnceValue(func() []byte {
	d, err := Load()
	if err != nil {
		panic(err)
	}
	var b bytes.Buffer
	if err := template.Must(template.New("page").Parse(pageText)).Execute(&b, contents(d)); err != nil {
		panic(err)
	}
	return b.Bytes()
})

// content is what the page shows.
type content struct {
	Info       *openapi3.Info
	Style      template.CSS
	Operations []operation
	Schemas    []schema
}

type operation struct {
	ID, Method, Path, Summary, Description string
	Parameters                             []field
	Answers                                []answer
}

type answer struct {
	Status, Description string
	Contents            []media
}

type media struct {
	Media   string
	Schemas []string
}

type schema struct {
	Name   string
	Words  []any
	Fields []field
}

type field struct {
	Name, In, Type, Ref, Description string
	Required                         bool
}

func contents(d *openapi3.T) content {
	c := content{Info: d.Info, Style: template.CSS(style)}
	for _, address := range d.Paths.InMatchingOrder() {
		item := d.Paths.Value(address)
		for _, method := range slices.Sorted(maps.Keys(item.Operations())) {
			c.Operations = append(c.Operations, operationOf(method, address, item.Operations()[method]))
		}
	}
	slices.SortFunc(c.Operations, func(a, b operation) int { return strings.Compare(a.Path+a.Method, b.Path+b.Method) })
	for _, name := range slices.Sorted(maps.Keys(d.Components.Schemas)) {
		s := d.Components.Schemas[name].Value
		one := schema{Name: name, Words: s.Enum}
		for _, property := range slices.Sorted(maps.Keys(s.Properties)) {
			f := fieldOf(s.Properties[property])
			f.Name, f.Required = property, slices.Contains(s.Required, property)
			one.Fields = append(one.Fields, f)
		}
		c.Schemas = append(c.Schemas, one)
	}
	return c
}

func operationOf(method, address string, o *openapi3.Operation) operation {
	one := operation{ID: o.OperationID, Method: method, Path: address, Summary: o.Summary, Description: o.Description}
	for _, p := range o.Parameters {
		f := fieldOf(p.Value.Schema)
		f.Name, f.In, f.Required, f.Description = p.Value.Name, p.Value.In, p.Value.Required, p.Value.Description
		one.Parameters = append(one.Parameters, f)
	}
	for _, status := range slices.Sorted(maps.Keys(o.Responses.Map())) {
		response := o.Responses.Value(status).Value
		a := answer{Status: status}
		if response.Description != nil {
			a.Description = *response.Description
		}
		for _, name := range slices.Sorted(maps.Keys(response.Content)) {
			m := media{Media: name}
			if s := response.Content[name].Schema; s != nil {
				m.Schemas = schemasOf(s)
			}
			a.Contents = append(a.Contents, m)
		}
		one.Answers = append(one.Answers, a)
	}
	return one
}

// schemasOf returns the names of the schemas that something is one of.
func schemasOf(s *openapi3.SchemaRef) (names []string) {
	if s.Ref != "" {
		return []string{path.Base(s.Ref)}
	}
	for _, one := range s.Value.OneOf {
		names = append(names, schemasOf(one)...)
	}
	return names
}

// fieldOf returns the type of a field.
func fieldOf(s *openapi3.SchemaRef) field {
	f := field{Description: s.Value.Description}
	switch {
	case s.Ref != "":
		f.Ref = path.Base(s.Ref)
		f.Type = f.Ref
	case s.Value.Items != nil:
		of := fieldOf(s.Value.Items)
		f.Ref, f.Type = of.Ref, of.Type+"[]"
	case s.Value.Type != nil:
		f.Type = strings.Join(*s.Value.Type, ", ")
	}
	for i, word := range s.Value.Enum {
		if text, ok := word.(string); ok {
			f.Type += map[bool]string{true: ": ", false: " | "}[i == 0] + text
		}
	}
	return f
}
