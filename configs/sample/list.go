package sample

import (
	"bytes"
	_ "embed"
	"encoding/csv"
	"fmt"
	"slices"

	"github.com/citytally/citytally/configs/catalogue"
)

// ListDataset is the dataset of lists of entities.
const ListDataset = "hnte-list"

// ListName is the path of the list in this package.
const ListName = "lists/hnte-2021-320831.csv"

//go:embed lists/hnte-2021-320831.csv
var list []byte

// List returns the synthetic list of the high and new technology enterprises of 金湖县
// (320831) in 2021: as many as its figure of 2021 in [Files], and at the same stage, so that
// either may be sent and both give the same total. No enterprise has such a name or such a
// code.
func List() []byte { return slices.Clone(list) }

// enterprises is how many the list has.
const enterprises = 60

// GenerateList makes the list up: the same always.
func GenerateList() ([]byte, error) {
	rows := [][]string{{"统一社会信用代码", "企业名称", "报告期", "有效期起", "有效期止", "阶段", "备注"}}
	for n := 1; n <= enterprises; n++ {
		code := fmt.Sprintf("91000000X%08d", 32083100+n) // 000000 is no area's code
		from := 2019 + n%3
		rows = append(rows, []string{
			code + string(catalogue.EntityCheck(code)), fmt.Sprintf("合成样例企业%03d", n), "2021",
			fmt.Sprintf("%d-12-%02d", from, 1+n%28), fmt.Sprintf("%d-11-30", from+3), "estimate", "合成样例 synthetic sample",
		})
	}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	err := w.WriteAll(rows)
	return b.Bytes(), err
}
