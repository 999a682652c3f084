package ingest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/citytally/citytally/ingest/event"
)

// formFields are the parts of a form that are parameters, as those of the query.
var formFields = []string{"area", "dataset", "period", "sheet", "file", "reason", "again"}

const (
	// maxFormField is how many bytes a parameter in a form may have.
	maxFormField = 8 << 10
	// filePart is the part of a form that is the file.
	filePart = "file"
)

// openForm returns the file of a request that is multipart/form-data, as browsers send it,
// and adds the other parts to the query. Of any other request it returns the body.
func (g *Gateway) openForm(r *http.Request, body io.Reader, query url.Values, large *largeSlot) ([]byte, error) {
	kind, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" {
		if a, ok := body.(*arrived); ok {
			return a.content, nil
		}
		return g.readWhole(r.Context(), body, large)
	}
	var file []byte
	found := false
	for form := multipart.NewReader(body, parameters["boundary"]); ; {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, g.bodyProblem(err)
		}
		switch name := part.FormName(); {
		case name == filePart && part.FileName() != "":
			if found {
				return nil, formProblem(filePart, part.FileName(), "表单中有多个文件；请每次上传一个", "the form has several files; send them one by one")
			}
			found = true
			if file, err = g.readWhole(r.Context(), part, large); err != nil {
				return nil, err
			}
			if query.Get("file") == "" {
				query.Set("file", part.FileName())
			}
		case slices.Contains(formFields, name):
			value, err := io.ReadAll(io.LimitReader(part, maxFormField+1))
			if err != nil {
				return nil, g.bodyProblem(err)
			}
			if len(value) > maxFormField || query.Has(name) && query.Get(name) != string(value) {
				return nil, formProblem(name, string(value), fmt.Sprintf("表单字段 %s 过长，或与请求参数不一致", name), fmt.Sprintf("the field %s is too long, or not what the query says", name))
			}
			if len(value) > 0 {
				query.Set(name, string(value))
			}
		case name == "dry_run":
			return nil, formProblem(name, name, "dry_run 应写在地址中：POST /v1/submissions?dry_run=true；未存储任何数据", "dry_run goes into the address: POST /v1/submissions?dry_run=true; nothing was stored")
		default:
			return nil, formProblem(name, name, fmt.Sprintf("未知的表单字段 %q；可用的有 %s", name, strings.Join(formFields, "、")), fmt.Sprintf("unknown field %q; the fields are %s", name, strings.Join(formFields, ", ")))
		}
	}
	if !found {
		return nil, formProblem(filePart, "", "表单中没有文件；文件应在字段 file 中", "the form has no file; it goes into the field file")
	}
	return file, nil
}

// readWhole reads a file. One that is large takes a slot for such before the rest is read.
func (g *Gateway) readWhole(ctx context.Context, body io.Reader, large *largeSlot) ([]byte, error) {
	var content bytes.Buffer
	n, err := content.ReadFrom(io.LimitReader(body, usualBody))
	if err == nil && n == usualBody {
		if err = large.take(ctx); err == nil {
			_, err = content.ReadFrom(body)
		}
	}
	if err != nil {
		return nil, g.bodyProblem(err)
	}
	return content.Bytes(), nil
}

func formProblem(field, seen, zh, en string) *Problem {
	p := queryProblem(field, zh, en)
	p.Errors[0].Code, p.Errors[0].Field, p.Errors[0].Seen = "FORM_FIELD", field, event.Excerpt(seen, maxExcerpt)
	return p
}
