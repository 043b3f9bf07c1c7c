// Package version says which build this is.
package version

// Version is set by the linker (-ldflags "-X lockstep/shared/version.Version=...").
var Version = "dev"
