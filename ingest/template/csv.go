package template

import (
	"bytes"
	"encoding/csv"
)

// CSV returns the form as CSV in UTF-8, with the mark by which Excel knows it.
func (f *Form) CSV() ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("\uFEFF")
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	if err := w.WriteAll(f.table()); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
