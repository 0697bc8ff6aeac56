/* The commands of the tests' tool, each with its operands as main() has them: an exit status comes back. */
#pragma once

int cmd_jq(int argc, char **argv);
int cmd_config(int argc, char **argv);
int cmd_template(int argc, char **argv);
int cmd_begin(int argc, char **argv);
int cmd_turn(int argc, char **argv);
int cmd_look(int argc, char **argv);
int cmd_clear(int argc, char **argv);
int cmd_find(int argc, char **argv);
int cmd_children(int argc, char **argv);
int cmd_remove(int argc, char **argv);
int cmd_supervise(int argc, char **argv);
