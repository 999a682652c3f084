package decode_test

import (
	"bytes"
	"encoding/csv"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

// laidOut returns the tables of testdata/tables.txt.
func laidOut(t testing.TB) (all []corpusFile) {
	text, err := os.ReadFile("testdata/tables.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range strings.Split(string(text), "\n== ")[1:] {
		title, body, _ := strings.Cut(strings.TrimSpace(block), "\n")
		f := corpusFile{}
		f.name, f.parameters, _ = strings.Cut(title, " ")
		var cells [][]string
		for line := range strings.Lines(body) {
			cells = append(cells, strings.Split(strings.TrimRight(line, "\n"), "|"))
		}
		f.content = asCSV(t, cells)
		if strings.HasSuffix(f.name, ".xlsx") {
			f.content = asWorkbook(cells)
		}
		all = append(all, f)
	}
	return all
}

func asCSV(t testing.TB, cells [][]string) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	if err := w.WriteAll(cells); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asWorkbook(cells [][]string) []byte {
	return book(func(f *excelize.File) {
		for y, row := range cells {
			for x, cell := range row {
				at, _ := excelize.CoordinatesToCellName(x+1, y+1)
				if n, err := strconv.ParseFloat(cell, 64); err == nil {
					_ = f.SetCellFloat("Sheet1", at, n, -1, 64)
				} else if cell != "" {
					_ = f.SetCellStr("Sheet1", at, cell)
				}
			}
		}
	})
}
