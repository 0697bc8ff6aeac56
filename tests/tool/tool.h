/* The commands of the tests' tool. Each takes its operands as main() does, and returns an exit status. */
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
