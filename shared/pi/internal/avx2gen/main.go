// Command avx2gen writes the assembly of package pi's AVX2 kernel and its Go
// declaration, to the files that it is given. `go generate ./shared/pi` runs it; a
// test fails when the files are not what it writes.
package main

import (
	"fmt"
	"os"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/pass"
	"github.com/mmcloughlin/avo/printer"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "avx2gen:", err)
		os.Exit(1)
	}
}

func run(files []string) error {
	if len(files) != 2 {
		return fmt.Errorf("want the names of two files, for the assembly and its declaration, not %d", len(files))
	}
	assembly, declaration, err := generate()
	if err != nil {
		return err
	}
	if err := os.WriteFile(files[0], assembly, 0o644); err != nil { //nolint:gosec // source code, for all to read
		return err
	}
	return os.WriteFile(files[1], declaration, 0o644) //nolint:gosec // source code, for all to read
}

// generate returns the contents of the two files.
func generate() (assembly, declaration []byte, err error) {
	k := &kernel{Context: build.NewContext()}
	k.write()
	file, err := k.Result()
	if err != nil {
		return nil, nil, err
	}
	if err = pass.Compile.Execute(file); err != nil {
		return nil, nil, err
	}
	config := printer.Config{Name: "avx2gen", Pkg: "pi"}
	if assembly, err = printer.NewGoAsm(config).Print(file); err != nil {
		return nil, nil, err
	}
	declaration, err = printer.NewStubs(config).Print(file)
	return assembly, declaration, err
}
